// A gRPC server that answers every Check with the same bytes and reads nothing of the request:
// what grpc-go can do at best.
package main

import (
	"context"
	"flag"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
)

// rawCodec hands messages through as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*int) = data.Len()
	return nil
}

// An allow: CheckResponse{status: {}, ok_response: {}}.
var allow = []byte{0x0a, 0x00, 0x1a, 0x00}

func check(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var length int
	if err := decode(&length); err != nil {
		return nil, err
	}
	return allow, nil
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "host:port")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "envoy.service.auth.v3.Authorization",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Check", Handler: check}},
	}, struct{}{})
	log.Fatal(server.Serve(listener))
}
