// Package report renders what the command shows: training runs as text, as JSON lines and as a
// progress line, and the tables of the other commands. It decides nothing about a run.
package report
