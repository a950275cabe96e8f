# One image for every company's node. Which company it serves says the variable COMPANY; everything else says cluster.toml.

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# What is built once may take its time: optimised over all crates at once, a node needs 4 to 8 % less CPU.
ENV CARGO_PROFILE_RELEASE_LTO=thin \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
    CARGO_PROFILE_RELEASE_INCREMENTAL=false
# what users get is stripped; the debug information of exactly this program stands apart, for a look into a core
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package passcom-node --bin passcom \
    && objcopy --only-keep-debug target/release/passcom /usr/local/bin/passcom.debug \
    && strip --strip-all -o /usr/local/bin/passcom target/release/passcom \
    && objcopy --add-gnu-debuglink=/usr/local/bin/passcom.debug /usr/local/bin/passcom \
    && .ci/sbom > /usr/local/share/passcom.cdx.json

# docker build --target debug --output . .
FROM scratch AS debug
COPY --from=build /usr/local/bin/passcom.debug /

FROM debian:bookworm-slim
# fixed numbers: the files that the init service writes belong to them
RUN groupadd --system --gid 10001 passcom \
    && useradd --system --uid 10001 --gid 10001 --no-create-home passcom
COPY --from=build /usr/local/bin/passcom /usr/local/bin/passcom
# what it is made of (CycloneDX)
COPY --from=build /usr/local/share/passcom.cdx.json /usr/local/share/passcom/passcom.cdx.json
COPY docker/init.sh docker/health.sh sql/roles.sql /usr/local/share/passcom/
COPY cluster.toml /etc/passcom/cluster.toml
USER passcom
ENV COMPANY=a
CMD ["sh", "-c", "exec passcom node --config /etc/passcom/cluster.toml --company \"$COMPANY\""]
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=3 \
    CMD ["sh", "/usr/local/share/passcom/health.sh"]
