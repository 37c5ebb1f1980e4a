//! A processor on tonic that decides nothing, on one thread: what the leanest of the field's usual choices costs for the
//! same messages, without any logic. It answers as ../go/server.go does.

#[allow(clippy::all)]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/proto.rs"));
}

use std::{env, error::Error, net::SocketAddr};

use proto::envoy::config::core::v3::{
    HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction,
};
use proto::envoy::service::ext_proc::v3::{
    CommonResponse, HeaderMutation, HeadersResponse, ProcessingRequest, ProcessingResponse,
    external_processor_server::{ExternalProcessor, ExternalProcessorServer},
    processing_request::Request as Asked,
    processing_response::Response as Answer,
};
use tokio_stream::{StreamExt, adapters::Map};
use tonic::transport::{Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

fn set(key: &str, value: &str) -> HeaderValueOption {
    HeaderValueOption {
        header: Some(HeaderValue {
            key: key.into(),
            raw_value: value.into(),
            ..Default::default()
        }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
    }
}

type Asking = Result<ProcessingRequest, Status>;
type Answering = Result<ProcessingResponse, Status>;

fn answer_to(request: Asking) -> Answering {
    let answer = match request?.request {
        Some(Asked::RequestHeaders(_)) => Answer::RequestHeaders(HeadersResponse {
            response: Some(CommonResponse {
                header_mutation: Some(HeaderMutation {
                    set_headers: vec![
                        set("x-sluice-id", "0123456789abcdef0123456789abcdef"),
                        set("x-envoy-max-retries", "2"),
                    ],
                    ..Default::default()
                }),
                ..Default::default()
            }),
        }),
        Some(Asked::ResponseHeaders(_)) => Answer::ResponseHeaders(HeadersResponse::default()),
        other => {
            return Err(Status::invalid_argument(format!(
                "not asked for: {other:?}"
            )));
        }
    };
    Ok(ProcessingResponse {
        response: Some(answer),
        ..Default::default()
    })
}

struct Processor;

#[tonic::async_trait]
impl ExternalProcessor for Processor {
    type ProcessStream = Map<Streaming<ProcessingRequest>, fn(Asking) -> Answering>;

    async fn process(
        &self,
        request: Request<Streaming<ProcessingRequest>>,
    ) -> Result<Response<Self::ProcessStream>, Status> {
        Ok(Response::new(request.into_inner().map(answer_to)))
    }
}

async fn serve(address: SocketAddr) -> Result<(), Box<dyn Error>> {
    let incoming = TcpIncoming::bind(address)?.with_nodelay(Some(true));
    let service = ExternalProcessorServer::new(Processor);
    Ok(Server::builder()
        .add_service(service)
        .serve_with_incoming(incoming)
        .await?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args()
        .nth(1)
        .ok_or("an address to listen on is wanted")?
        .parse()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(address))
}
