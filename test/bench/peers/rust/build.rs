//! Types and service from the project's own `proto/`, as protoc would give them, by a compiler that comes with Cargo.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = protox::compile(
        ["envoy/service/ext_proc/v3/external_processor.proto"],
        ["../../../../proto"],
    )?;
    tonic_prost_build::configure()
        .build_client(false)
        .include_file("proto.rs")
        .compile_fds(files)?;
    Ok(())
}
