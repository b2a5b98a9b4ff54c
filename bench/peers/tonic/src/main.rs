//! A gRPC server of one thread that answers every Check with the same bytes and reads nothing of the
//! request: what tonic can do at best.
use bytes::{Buf, BufMut, Bytes};
use std::{convert::Infallible, env, task::{Context, Poll}};
use tonic::{
    body::BoxBody,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{http, BoxFuture, Service},
    server::{Grpc, NamedService, UnaryService},
    transport::Server,
    Request, Response, Status,
};

/// Hands messages through as they are.
#[derive(Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = usize;
    type Encoder = Raw;
    type Decoder = Raw;
    fn encoder(&mut self) -> Raw {
        Raw
    }
    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = usize;
    type Error = Status;
    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        let length = buffer.remaining();
        buffer.advance(length);
        Ok(Some(length))
    }
}

struct Check;

impl UnaryService<usize> for Check {
    type Response = Bytes;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;
    fn call(&mut self, _: Request<usize>) -> Self::Future {
        // An allow: CheckResponse{status: {}, ok_response: {}}.
        std::future::ready(Ok(Response::new(Bytes::from_static(&[0x0a, 0x00, 0x1a, 0x00]))))
    }
}

#[derive(Clone)]
struct Authorization;

impl NamedService for Authorization {
    const NAME: &'static str = "envoy.service.auth.v3.Authorization";
}

impl Service<http::Request<BoxBody>> for Authorization {
    type Response = http::Response<BoxBody>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }
    fn call(&mut self, request: http::Request<BoxBody>) -> Self::Future {
        Box::pin(async move { Ok(Grpc::new(Raw).unary(Check, request).await) })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:0".into());
    let listener = tokio::net::TcpListener::bind(&address).await?;
    eprintln!("{}", listener.local_addr()?);
    let incoming = tonic::transport::server::TcpIncoming::from_listener(listener, true, None)
        .map_err(|error| error.to_string())?;
    Server::builder().add_service(Authorization).serve_with_incoming(incoming).await?;
    Ok(())
}
