// The control plane around AWS's own Lambda runtime core: init, restore, reserve, invoke, direct invoke (which streams) and reset as
// HTTP requests. Prints the address of the control plane as its first line, then the output of the runtime.
//
// build.ts builds it inside the module github.com/aws/aws-lambda-runtime-interface-emulator, whose packages are internal.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/core/directinvoke"
	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/interop"
	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/rapidcore"
	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/rapidcore/standalone"
	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/rapidcore/standalone/telemetry"
	"github.com/aws/aws-lambda-runtime-interface-emulator/internal/lambda/rie"
	"github.com/go-chi/chi/v5"
)

func main() {
	snapStart := flag.Bool("snap-start", false, "serve restore/next and restore/error")
	level := flag.String("log-level", "info", "level of the core's log")
	flag.Parse()
	rapidcore.SetLogLevel(*level)

	folder, err := os.Getwd()
	if err != nil {
		log.Fatal(err)
	}
	events := &telemetry.StandaloneEventsAPI{}
	sandbox := rapidcore.NewSandboxBuilder().
		AddShutdownFunc(context.CancelFunc(func() { os.Exit(0) })).
		SetExtensionsFlag(true).
		SetInitCachingFlag(*snapStart).
		SetEventsAPI(events).
		SetTracer(telemetry.NewStandaloneTracer(events)).
		SetRuntimeAPIAddress(freeAddress())
	sandboxContext, state := sandbox.Create()
	server := sandbox.DefaultInteropServer()
	server.SetSandboxContext(sandboxContext)
	server.SetInternalStateGetter(state)
	bootstrap := rie.NewSimpleBootstrap(flag.Args(), folder)

	// The module's own router for these handlers panics with the version of the routing library that its go.mod names.
	routes := map[string]http.HandlerFunc{
		"POST /test/init":                 func(w http.ResponseWriter, r *http.Request) { standalone.InitHandler(w, r, server, bootstrap) },
		"POST /test/waitUntilInitialized": func(w http.ResponseWriter, r *http.Request) { standalone.WaitUntilInitializedHandler(w, r, server) },
		"POST /test/restore":              func(w http.ResponseWriter, r *http.Request) { standalone.RestoreHandler(w, r, server) },
		"POST /test/reserve":              func(w http.ResponseWriter, r *http.Request) { standalone.ReserveHandler(w, r, server) },
		"POST /test/invoke":               func(w http.ResponseWriter, r *http.Request) { standalone.InvokeHandler(w, r, server) },
		"POST /test/directInvoke/{token}": func(w http.ResponseWriter, r *http.Request) { directInvoke(w, r, server) },
		"POST /test/waitUntilRelease":     func(w http.ResponseWriter, r *http.Request) { standalone.WaitUntilReleaseHandler(w, r, server) },
		"POST /test/reset":                func(w http.ResponseWriter, r *http.Request) { standalone.ResetHandler(w, r, server) },
		"GET /test/internalState":         func(w http.ResponseWriter, r *http.Request) { standalone.InternalStateHandler(w, r, server) },
		"GET /test/eventLog":              func(w http.ResponseWriter, r *http.Request) { standalone.EventLogHandler(w, r, events) },
	}
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.HandleFunc(pattern, handler)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("control plane at http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}

// The core passes its address to the runtime, so port 0 does not work.
func freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// The module's DirectInvokeHandler, with the tenant id from the header Tenant-Id: the reservations of its test server have none.
func directInvoke(w http.ResponseWriter, r *http.Request, server *rapidcore.Server) {
	token := server.CurrentToken()
	if token == nil {
		http.Error(w, "not reserved", http.StatusBadRequest)
		return
	}
	token.TenantID = interop.TenantID(r.Header.Get(directinvoke.TenantIDHeader))
	// The core reads the parameter from the context of its routing library.
	route := chi.NewRouteContext()
	route.URLParams.Add("reservationtoken", r.PathValue("token"))
	invoke, err := directinvoke.ReceiveDirectInvoke(w, r.WithContext(context.WithValue(r.Context(), chi.RouteCtxKey, route)), *token)
	if err != nil {
		log.Printf("direct invoke: %s", err)
		return
	}
	if err := server.AwaitInitialized(); err != nil {
		w.WriteHeader(standalone.DoneFailedHTTPCode)
		return
	}
	switch err := server.FastInvoke(w, invoke, true); err {
	case nil:
	case rapidcore.ErrInvokeReservationDone:
		w.WriteHeader(http.StatusBadGateway)
	default:
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}
