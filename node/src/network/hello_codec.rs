//! /kith/hello/1 on a stream: one request and one response, each a [`frame`] of at most 49 bytes.

use std::io;

use futures::{AsyncRead, AsyncWrite};
use kith_protocol::hello::{MESSAGE, Request, Response};
use libp2p::{StreamProtocol, request_response::Codec};

use super::frame;

/// The name under which the protocol is negotiated.
pub(super) const PROTOCOL: StreamProtocol = StreamProtocol::new("/kith/hello/1");

/// Reads and writes hellos.
#[derive(Clone, Copy, Default)]
pub(super) struct HelloCodec;

fn fits(length: usize) -> bool {
    (1..=MESSAGE).contains(&length)
}

impl Codec for HelloCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, fits).await?;
        Request::from_bytes(&frame::read_rest(io, length).await?).map_err(frame::malformed)
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let length = frame::read_length(io, fits).await?;
        Response::from_bytes(&frame::read_rest(io, length).await?).map_err(frame::malformed)
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[&request.to_bytes()], fits).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, response: Response) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        frame::write(io, &[&response.to_bytes()], fits).await
    }
}
