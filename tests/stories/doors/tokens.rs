//! The life of a token: made once, kept as a hash, seen by a running service, revoked.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use reelmeter_proto::meter::v1 as mpb;
use reelmeter_service::door::{Role, TokenFile, Wish};
use tonic::Code;
use tonic_types::StatusExt;

use super::house::House;
use crate::support::eventually::eventually;

const LIST: &str = "/reelmeter.meter.v1.MeterService/ListSessions";

fn wish(name: &str, roles: &[Role], tenant: &str) -> Wish {
    Wish {
        name: name.to_owned(),
        roles: roles.to_vec(),
        tenant: tenant.to_owned(),
        expires: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_sees_tokens_come_and_go_and_a_mistake_in_the_file_changes_nothing() {
    let mut house = House::open().await;
    let path = house.tokens_file();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let text = fs::read_to_string(&path).unwrap();
    for (name, token) in &house.tokens {
        assert!(!text.contains(token.as_str()), "{name} stands in the file");
    }
    let mut file = TokenFile::read(&path).unwrap();
    let token = file.add(wish("late", &[Role::Read], "acme")).unwrap();
    house
        .tokens
        .insert("late".to_owned(), token.expose().to_owned());
    file.write(&path).unwrap();
    let listed = async |name: &str| {
        let request = mpb::ListSessionsRequest::default();
        house
            .ask::<mpb::ListSessionsResponse>(name, LIST, request)
            .await
    };
    eventually("the new token opens", || async {
        listed("late").await.ok()
    })
    .await;
    fs::write(&path, "[[token]]\nname = 7\n").unwrap();
    let still = async || listed("late").await.is_ok();
    // Longer than the service takes to look at the file.
    for _ in 0..8 {
        assert!(still().await, "a mistake locks nobody out");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(file.revoke("late"));
    file.write(&path).unwrap();
    let status = eventually("the revoked token opens nothing", || async {
        listed("late").await.err()
    })
    .await;
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(listed("read.acme").await.is_ok());
    house.close().await;
}

#[test]
fn a_file_of_tokens_is_checked_and_a_broken_rule_names_the_token() {
    let mut file = TokenFile::default();
    file.add(wish("laptop", &[Role::Read], "")).unwrap();
    for (wish, word) in [
        (wish("laptop", &[Role::Read], ""), "two of this name"),
        (wish("Capital", &[Role::Read], ""), "a-z"),
        (wish("none", &[], ""), "no role"),
        (wish("tenant", &[Role::Read], "a b"), "tenant"),
        (wish("wide", &[Role::Admin], "*"), "record and read alone"),
        (
            wish("wide", &[Role::Generate], "*"),
            "record and read alone",
        ),
    ] {
        let name = wish.name.clone();
        let error = file.add(wish).unwrap_err().to_string();
        assert!(error.contains(&name) && error.contains(word), "{error}");
        assert_eq!(file.tokens.len(), 1, "nothing is kept of it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_calls_too_often_is_told_to_wait_and_the_others_are_not() {
    let house = House::with(&["--reelmeter-calls-per-second", "5"]).await;
    let listed = async |name: &str| {
        let request = mpb::ListSessionsRequest::default();
        house
            .ask::<mpb::ListSessionsResponse>(name, LIST, request)
            .await
    };
    let mut refused = None;
    for _ in 0..200 {
        if let Err(status) = listed("read.acme").await {
            refused = Some(status);
            break;
        }
    }
    let status = refused.expect("200 calls are more than 5 a second");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
    assert!(listed("read.other").await.is_ok());
    // The same for those who show no token: they are told so only so often.
    let mut told_to_wait = false;
    for _ in 0..2_000 {
        let status = house
            .call::<()>(LIST, (), None)
            .await
            .map(drop)
            .unwrap_err();
        if status.code() == Code::ResourceExhausted {
            told_to_wait = true;
            break;
        }
        assert_eq!(status.code(), Code::Unauthenticated);
    }
    assert!(told_to_wait, "2,000 refusals of one address");
    eventually("the first may call again", || async {
        listed("read.acme").await.ok()
    })
    .await;
    house.close().await;
}
