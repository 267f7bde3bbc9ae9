// Command readme is the README's example: a page that counts clicks and survives its server.
package main
