//! The paths of the API.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;

use super::speech::{Form, Request};
use super::{account, errors, speech, voices};
use crate::adapters::http;
use crate::application::{Answer, Call, World};
use crate::domain::faults::{Fault, Kind};
use crate::domain::journal::{Operation, Provider};
use crate::domain::seed::Seed;

type Parameters = Query<HashMap<String, String>>;

/// The paths that no other provider has.
pub fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/text-to-speech/{voice}", post(whole))
        .route("/v1/text-to-speech/{voice}/with-timestamps", post(timed))
        .route("/v1/text-to-speech/{voice}/stream", post(stream))
        .route(
            "/v1/text-to-speech/{voice}/stream/with-timestamps",
            post(timed_stream),
        )
        .route("/v1/voices", get(all_voices))
        .route("/v1/voices/{voice}", get(one_voice))
        .route("/v2/voices", get(search_voices))
        .route("/v1/user", get(user))
        .route("/v1/user/subscription", get(subscription))
}

async fn whole(
    State(world): State<Arc<World>>,
    Path(voice): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    speak(&world, &voice, &query, &headers, &body, Form::Whole).await
}

async fn timed(
    State(world): State<Arc<World>>,
    Path(voice): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    speak(&world, &voice, &query, &headers, &body, Form::Timed).await
}

async fn stream(
    State(world): State<Arc<World>>,
    Path(voice): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    speak(&world, &voice, &query, &headers, &body, Form::Stream).await
}

async fn timed_stream(
    State(world): State<Arc<World>>,
    Path(voice): Path<String>,
    query: Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    speak(&world, &voice, &query, &headers, &body, Form::TimedStream).await
}

async fn speak(
    world: &Arc<World>,
    written: &str,
    query: &HashMap<String, String>,
    headers: &HeaderMap,
    body: &Bytes,
    form: Form,
) -> Response {
    let voice = http::without_fault(written);
    let seed = Seed::of(voice).and(&String::from_utf8_lossy(body));
    let prepared = match errors::key_refusal(headers) {
        Some(refusal) => Err(refusal),
        None => Request::read(
            world,
            voice,
            query.get("output_format").map(String::as_str),
            body,
        ),
    };
    let named = http::named_fault(headers, Provider::ElevenLabs, written);
    let prepared = match named {
        Ok(_) => prepared,
        Err(ref error) => Err(errors::error(400, "simulator_fault", error)),
    };
    // What is refused meets no fault: a plan counts calls that would have been answered.
    let named = if prepared.is_err() {
        Some(Fault::of(Kind::Ok))
    } else {
        named.unwrap_or(None)
    };
    let mut call = world.begin(
        Provider::ElevenLabs,
        Operation::Narration,
        voice,
        body.len(),
        named,
    );
    let answer = match prepared {
        Err(refusal) => refusal,
        Ok(request) => match errors::of_fault(world, &call, voice, request.credits())
            .or_else(|| http::plain_fault(&call))
        {
            Some(fault) => fault,
            None => admitted(world, &mut call, &request, form).await,
        },
    };
    http::respond(call, seed, with_trace(answer, seed)).await
}

/// Answers if the subscription admits the call. The call stays counted as busy until its last byte.
async fn admitted(world: &Arc<World>, call: &mut Call, request: &Request, form: Form) -> Answer {
    let credits = request.credits();
    let admitted = world.account().admit(credits, request.concurrent_max());
    if let Err(refusal) = admitted {
        return errors::not_admitted(refusal);
    }
    call.when_ended(|world| world.account().leave());
    let answer = speech::answer(world, call, request, form).await;
    if answer.status >= 400 {
        world.account().refund(credits);
    }
    answer
}

fn with_trace(answer: Answer, seed: Seed) -> Answer {
    answer.header(
        "x-trace-id",
        format!("{:016x}{:016x}", seed.value(), seed.and("trace").value()),
    )
}

async fn all_voices(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    info(&world, &headers, Operation::Voices, "", |_| voices::all()).await
}

async fn one_voice(
    State(world): State<Arc<World>>,
    Path(voice): Path<String>,
    headers: HeaderMap,
) -> Response {
    info(&world, &headers, Operation::Voices, &voice, |_| {
        voices::one(&voice)
    })
    .await
}

async fn search_voices(
    State(world): State<Arc<World>>,
    query: Parameters,
    headers: HeaderMap,
) -> Response {
    info(&world, &headers, Operation::Voices, "", |_| {
        voices::search(&query)
    })
    .await
}

async fn user(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    info(&world, &headers, Operation::User, "", account::user).await
}

async fn subscription(State(world): State<Arc<World>>, headers: HeaderMap) -> Response {
    info(
        &world,
        &headers,
        Operation::Subscription,
        "",
        account::subscription,
    )
    .await
}

/// A call that says something about the account or the offer.
pub(super) async fn info(
    world: &Arc<World>,
    headers: &HeaderMap,
    operation: Operation,
    model: &str,
    answer: impl FnOnce(&World) -> Answer,
) -> Response {
    let seed = Seed::of(operation.name()).and(model);
    let named = http::named_fault(headers, Provider::ElevenLabs, "");
    let refused = errors::key_refusal(headers).or_else(|| {
        named
            .as_ref()
            .err()
            .map(|error| errors::error(400, "simulator_fault", error))
    });
    let named = if refused.is_some() {
        Some(Fault::of(Kind::Ok))
    } else {
        named.unwrap_or(None)
    };
    let call = world.begin(Provider::ElevenLabs, operation, model, 0, named);
    let answer = refused
        .or_else(|| errors::of_fault(world, &call, model, 0))
        .or_else(|| http::plain_fault(&call))
        .unwrap_or_else(|| answer(world));
    http::respond(call, seed, with_trace(answer, seed)).await
}
