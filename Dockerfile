# One image for every company's node. Which company it serves says the variable COMPANY; everything else says cluster.toml.

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package passcom-node \
    && cp target/release/passcom /usr/local/bin/passcom

FROM debian:bookworm-slim
# a fixed number: the files that the init service writes belong to it
RUN useradd --system --uid 10001 --user-group --no-create-home passcom
COPY --from=build /usr/local/bin/passcom /usr/local/bin/passcom
COPY docker/init.sh /usr/local/share/passcom/init.sh
COPY cluster.toml /etc/passcom/cluster.toml
USER passcom
ENV COMPANY=a
CMD ["sh", "-c", "exec passcom node --config /etc/passcom/cluster.toml --company \"$COMPANY\""]
HEALTHCHECK --interval=5s --timeout=5s --start-period=120s --retries=3 \
    CMD passcom admin --config /etc/passcom/cluster.toml --company "$COMPANY" ready
