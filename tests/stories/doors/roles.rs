//! Every RPC times every role, from the table.

use std::collections::BTreeSet;

use prost::Message;
use prost_types::FileDescriptorSet;
use reelmeter_service::door::Role;
use reelmeter_service::door::table::{self, Access, ROWS};
use tonic::Code;

use super::house::House;

/// The RPCs of the contract as the wire names them.
pub fn contract() -> Vec<(String, String)> {
    let set = FileDescriptorSet::decode(reelmeter_proto::FILE_DESCRIPTOR_SET).unwrap();
    // The renderer is no service that people call: its one caller is the generator, over a way of their own.
    let ours = |package: &str| ["reelmeter.meter.v1", "reelmeter.generator.v1"].contains(&package);
    let mut rpcs = Vec::new();
    for file in set.file.iter().filter(|file| ours(file.package())) {
        for service in &file.service {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                rpcs.push((path, method.input_type().trim_start_matches('.').to_owned()));
            }
        }
    }
    rpcs
}

#[test]
fn every_rpc_of_the_contract_has_one_row_and_no_row_is_left_over() {
    let contract: BTreeSet<String> = contract().into_iter().map(|(path, _)| path).collect();
    let rows: Vec<&str> = ROWS.iter().map(|row| row.path).collect();
    let distinct: BTreeSet<&str> = rows.iter().copied().collect();
    assert_eq!(distinct.len(), rows.len(), "an RPC has two rows");
    for path in &contract {
        assert!(
            distinct.contains(path.as_str()),
            "{path} has no row in service/src/door/table.rs: nobody can call it"
        );
    }
    for path in distinct
        .iter()
        .filter(|path| path.starts_with("/reelmeter."))
    {
        assert!(contract.contains(*path), "{path} is no RPC of the contract");
    }
    // What is served and not ours is health, reflection, and the way in for OpenTelemetry.
    assert_eq!(
        table::access("/grpc.health.v1.Health/Check"),
        Some(Access::Anybody)
    );
    assert_eq!(
        table::access("/reelmeter.meter.v1.MeterService/Nonsense"),
        None
    );
}

/// Whether the door let a call through, whatever came of it behind.
fn passed(outcome: Result<(), tonic::Status>) -> Result<bool, String> {
    match outcome {
        Ok(()) => Ok(true),
        Err(status) => match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => Ok(false),
            Code::Internal | Code::Unknown | Code::Unimplemented => {
                Err(format!("{:?} {}", status.code(), status.message()))
            }
            _ => Ok(true),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_rpc_opens_to_the_roles_of_its_row_and_to_no_other() {
    let house = House::open().await;
    let mut tried = 0;
    for row in ROWS
        .iter()
        .filter(|row| row.path.starts_with("/reelmeter."))
    {
        let Access::Role(wanted) = row.access else {
            panic!("{} asks for no role", row.path)
        };
        for role in Role::ALL {
            let token = &house.tokens[&format!("{role}.acme")];
            let outcome = house.call::<()>(row.path, (), Some(token)).await.map(drop);
            let said = format!("{} as {role}: {outcome:?}", row.path);
            assert_eq!(
                passed(outcome).unwrap_or_else(|failed| panic!("{said}: {failed}")),
                reelmeter_service::door::Roles::of(&[role]).open(wanted),
                "{said}"
            );
            tried += 1;
        }
        let wrong = [
            None,
            Some(String::new()),
            Some("rmt_nobody-has-this".to_owned()),
            // One character off, and one with its end cut off.
            Some(house.tokens["admin.acme"].replace("rmt_", "rmt-")),
            Some(
                house.tokens["admin.acme"]
                    .trim_end_matches(|_| true)
                    .to_owned(),
            ),
            Some(house.tokens["admin.acme"][..40].to_owned()),
            Some(house.tokens["expired"].clone()),
        ];
        for token in wrong {
            let outcome = house
                .call::<()>(row.path, (), token.as_deref())
                .await
                .map(drop);
            let status = outcome.expect_err(row.path);
            // Whoever guesses for long is told to wait, and gets in no more than before.
            assert!(
                matches!(
                    status.code(),
                    Code::Unauthenticated | Code::ResourceExhausted
                ),
                "{} {status:?}",
                row.path
            );
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried} calls were tried");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_roles_of_the_documents_are_those_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md");
    let text = std::fs::read_to_string(path).unwrap();
    for row in ROWS {
        let Access::Role(wanted) = row.access else {
            continue;
        };
        let rpc = row.path.rsplit('/').next().unwrap();
        let line = format!("| `{rpc}` | {wanted} |");
        assert!(text.contains(&line), "docs/operating.md lacks {line}");
    }
}
