//! Compiles the contract with protox, so that nobody needs a protoc.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message;

/// Every file of the contract; each is a path below this folder.
const FILES: &[&str] = &[
    "reelmeter/meter/v1/meter_service.proto",
    "reelmeter/meter/v1/pricing_service.proto",
    "reelmeter/meter/v1/audit_service.proto",
    "reelmeter/generator/v1/generator_service.proto",
    "reelmeter/renderer/v1/renderer_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=reelmeter");
    let descriptors = protox::compile(FILES, ["."])?;
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    // Reflection needs the descriptors at run time.
    fs::write(
        out_dir.join("reelmeter_descriptor.bin"),
        descriptors.encode_to_vec(),
    )?;
    tonic_prost_build::configure()
        // Maps in a fixed order: what is hashed or shown must not depend on a random seed.
        .btree_map(".")
        .compile_fds(descriptors)?;
    Ok(())
}
