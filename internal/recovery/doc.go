// Package recovery is the core of Comeback: what a checkout, a reminder and an
// order are, when a reminder is due, and why one is not mailed. It decides with
// pure functions of state and time ([Judge], [Due], [News.Apply]); [Service]
// makes the calls around them through the ports [DB], [Queue], [Mailer],
// [Renderer] and [Clock]. It imports the standard library only.
//
// Instants are UTC and cut to the microsecond, which is what Firestore and Cloud
// Tasks keep. Money is an integer number of minor units with its currency.
package recovery
