// Package recovered puts panics of an application's code into words for a log: what happened and where, and nothing of
// the data that the code was working on.
package recovered

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// maxFrames bounds a stack in a log line.
const maxFrames = 64

// Text says what a panic is about. An error or a string is a message, and is given as it is, like the text of an error
// that the code returned. Any other value is data: only its type is named.
func Text(v any) string {
	switch v.(type) {
	case error, string:
		return fmt.Sprint(v) // an Error method that panics is fmt's to survive
	}
	return fmt.Sprintf("a value of type %T", v)
}

// Stack names the functions between the panic and its recovery, innermost first, with their places in the source. Unlike
// debug.Stack it leaves out their arguments, which are words of the data. Call it in the deferred function itself.
func Stack() string {
	pcs := make([]uintptr, maxFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	var b strings.Builder
	for begun, more := false, true; more; {
		var f runtime.Frame
		if f, more = frames.Next(); f.Function == "runtime.gopanic" && !begun {
			begun = true
			b.Reset() // what came before it is the recovery
			continue
		}
		b.WriteString(f.Function + " " + f.File + ":" + strconv.Itoa(f.Line) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
