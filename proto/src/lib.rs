//! The contract: generated code of the protobuf packages `reelmeter.meter.v1` and `reelmeter.generator.v1`, and named
//! constants for the well-known services, metrics and models. Conversions live beside the service that needs them.

#![allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated code; its documentation is in the .proto files"
)]

/// The meter's contract.
pub mod meter {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("reelmeter.meter.v1");
    }
}

/// The generator's contract.
pub mod generator {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("reelmeter.generator.v1");
    }
}

/// What generator and renderer say to each other; not part of the public contract.
pub mod renderer {
    /// Version 1.
    pub mod v1 {
        tonic::include_proto!("reelmeter.renderer.v1");
    }
}

mod well_known;
pub use well_known::*;

/// The compiled contract, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] =
    include_bytes!(concat!(env!("OUT_DIR"), "/reelmeter_descriptor.bin"));
