// The fixture server's tool as far as the benchmark calls it, in Go, with nothing but its standard library: the row to chase.
// No SDK, no schema library, no checks of who calls: what a program must do that responds to an MCP tool call on Lambda.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
)

type event struct {
	RawPath        string            `json:"rawPath"`
	Headers        map[string]string `json:"headers"`
	Body           string            `json:"body"`
	RequestContext struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

type request struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  struct {
		Name      string `json:"name"`
		Arguments struct {
			Term  string `json:"term"`
			Style string `json:"style"`
		} `json:"arguments"`
	} `json:"params"`
}

type object map[string]any

func call(asked request) object {
	failed := func(text string) object {
		return object{"content": []object{{"type": "text", "text": text}}, "isError": true}
	}
	if asked.Params.Name != "lookup" {
		return failed("Tool " + asked.Params.Name + " not found")
	}
	term := strings.TrimSpace(asked.Params.Arguments.Term)
	if term == "" || len(term) > 200 {
		return failed("Input validation error: term must be of 1 to 200 characters")
	}
	style := asked.Params.Arguments.Style
	if style == "" {
		style = "plain"
	}
	return object{"content": []object{{"type": "text", "text": term + " in " + style}}}
}

func respond(in event) (int, object) {
	var asked request
	if in.RequestContext.HTTP.Method != "POST" || in.RawPath != "/mcp" {
		return 404, object{"error": "not_found"}
	}
	if json.Unmarshal([]byte(in.Body), &asked) != nil || asked.JSONRPC != "2.0" || asked.Method != "tools/call" {
		return 400, object{"jsonrpc": "2.0", "id": nil, "error": object{"code": -32600, "message": "Bad Request"}}
	}
	return 200, object{"jsonrpc": "2.0", "id": asked.ID, "result": call(asked)}
}

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	prelude := append([]byte(`{"statusCode":200,"headers":{"content-type":"application/json"}}`), make([]byte, 8)...)
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			log.Fatal(err)
		}
		var in event
		err = json.NewDecoder(next.Body).Decode(&in)
		next.Body.Close()
		if err != nil {
			log.Print(err)
		}
		status, body := respond(in)
		line, _ := json.Marshal(object{"type": "request", "path": in.RawPath, "status": status})
		os.Stdout.Write(append(line, '\n'))
		text, _ := json.Marshal(body)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		post, _ := http.NewRequest("POST", api+id+"/response", io.MultiReader(bytes.NewReader(prelude), bytes.NewReader(text)))
		post.Header.Set("Content-Type", "application/vnd.awslambda.http-integration-response")
		post.Header.Set("Lambda-Runtime-Function-Response-Mode", "streaming")
		sent, err := http.DefaultClient.Do(post)
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, sent.Body)
		sent.Body.Close()
	}
}
