package main

import "context"

// command is one thing that the program does.
type command struct {
	name, summary string
	run           func(p *program, ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		{"plan", "show what apply would do, with a warning for all that loses data", (*program).plan},
		{"apply", "create or update the deployment, the secrets' values too", (*program).apply},
		{"destroy", "remove the deployment; the shoppers' data stay unless keep_data is false", (*program).destroy},
		{"outputs", "show the functions' addresses and the other outputs", (*program).outputs},
		{"doctor", "look whether the project and SendGrid are ready, and say what to do", (*program).doctor},
		{"smoke", "try the deployment with one real mail to you", (*program).smoke},
		{"pause", "stop every reminder at once, without Terraform", (*program).pause},
		{"resume", "let the reminders go out again", (*program).resume},
	}
}
