// Package money reads amounts as storefronts write them and shows them as shoppers
// read them. An amount is an integer number of minor units from end to end; no
// float is involved.
package money
