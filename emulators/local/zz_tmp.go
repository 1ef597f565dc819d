package main
import ("context";"io";"errors")
func runDemo(context.Context, []string, io.Writer, io.Writer) error { return errors.New("no") }
