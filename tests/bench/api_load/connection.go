// A connection that speaks just enough HTTP/1.1: what a load generator costs is taken from the server.
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// worker has one connection to one server.
type worker struct {
	load   *load
	number int
	server string
	wire   *tls.Conn
	in     *bufio.Reader
	out    []byte
	text   bytes.Buffer
}

func (l *load) worker(number int) *worker {
	server := strings.TrimPrefix(l.servers[number%len(l.servers)], "https://")
	return &worker{load: l, number: number, server: server}
}

// head of an answer: its body has length bytes, or is chunked (-1).
type head struct {
	status int
	length int64
	ends   bool
}

func (w *worker) send(method, path, contentType, body string) error {
	if w.wire == nil {
		wire, err := tls.Dial("tcp", w.server, w.load.tls)
		if err != nil {
			return err
		}
		w.wire, w.in = wire, bufio.NewReaderSize(wire, 1<<16)
	}
	out := append(w.out[:0], method...)
	out = append(append(append(out, ' '), path...), " HTTP/1.1\r\nHost: "...)
	out = append(append(out, w.server...), "\r\nAccept: application/json\r\n"...)
	if contentType != "" {
		out = append(append(append(out, "Content-Type: "...), contentType...), "\r\n"...)
	}
	if body != "" {
		out = strconv.AppendInt(append(out, "Content-Length: "...), int64(len(body)), 10)
		out = append(out, "\r\n"...)
	}
	w.out = append(append(out, "\r\n"...), body...)
	_, err := w.wire.Write(w.out)
	return err
}

func (w *worker) head() (head, error) {
	answer := head{length: -2}
	for first := true; ; first = false {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return answer, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			if len(line) < 12 {
				return answer, fmt.Errorf("not HTTP: %q", line)
			}
			answer.status, err = strconv.Atoi(string(line[9:12]))
			if err != nil {
				return answer, err
			}
			continue
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if answer.length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return answer, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			answer.length = -1
		case bytes.EqualFold(name, []byte("Connection")):
			answer.ends = bytes.EqualFold(value, []byte("close"))
		}
	}
	if answer.length == -2 {
		if answer.status != 204 && answer.status != 304 {
			return answer, fmt.Errorf("an answer without a length")
		}
		answer.length = 0
	}
	return answer, nil
}

// body reads what follows a head. left: of the length, or of the chunk.
type body struct {
	in   *bufio.Reader
	head head
	left int64
}

func (b *body) Read(into []byte) (int, error) {
	if b.head.length == -1 && b.left == 0 {
		line, err := b.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return 0, err
		}
		if size == 0 {
			_, err = b.in.Discard(2)
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
		b.left = size
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(into)) > b.left {
		into = into[:b.left]
	}
	got, err := b.in.Read(into)
	b.left -= int64(got)
	if err == nil && b.left == 0 && b.head.length == -1 {
		_, err = b.in.Discard(2)
	}
	return got, err
}

// call gives the body of an answer, which is good until the next. After an error the next call begins a new connection.
func (w *worker) call(method, path, contentType, given string) ([]byte, error) {
	text, err := w.exchange(method, path, contentType, given)
	if err != nil && w.wire != nil {
		w.wire.Close()
		w.wire = nil
	}
	return text, err
}

func (w *worker) exchange(method, path, contentType, given string) ([]byte, error) {
	if err := w.send(method, path, contentType, given); err != nil {
		return nil, err
	}
	answer, err := w.head()
	if err != nil {
		return nil, err
	}
	length := answer.length
	if length < 0 {
		length = 0
	}
	w.text.Reset()
	w.text.Grow(int(length) + bytes.MinRead)
	if _, err := w.text.ReadFrom(&body{w.in, answer, length}); err != nil {
		return nil, err
	}
	w.load.bytes.Add(int64(w.text.Len()))
	if answer.status >= 300 {
		return nil, fmt.Errorf("%s %s: %d %.300s", method, path, answer.status, w.text.String())
	}
	if answer.ends {
		w.wire.Close()
		w.wire = nil
	}
	return w.text.Bytes(), nil
}
