# Images of Reelmeter's programs: docker build --target meter|generator|simulator|client|renderer .
# Needs BuildKit (Docker 23 and newer use it by themselves; before that set DOCKER_BUILDKIT=1).

ARG RUST_IMAGE=rust:1-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim
# `build` compiles the programs here. `prebuilt` takes them from target/image/, for a machine that has just built them.
ARG BINARIES=build
# The same for Manim: `manim-build` installs it here, `manim-prebuilt` takes the environment from target/image/manim/.
ARG MANIM=manim-build

FROM ${RUST_IMAGE} AS build
WORKDIR /source
COPY . .
# Shown by --version; the sources come without their history.
ARG REELMETER_COMMIT=
# The caches keep downloaded crates and compiled dependencies between builds.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p reelmeter-meter -p reelmeter-generator -p reelmeter-simulator -p reelmeter-client -p reelmeter-renderer \
    && install -D -t /programs target/release/meter target/release/generator target/release/simulator target/release/client \
        target/release/renderer

FROM scratch AS prebuilt
COPY target/image/ /programs/

FROM ${BINARIES} AS programs

# What all images share: certificates for calls to the providers, and a user without rights. Every mount point exists
# and belongs to that user, since a named volume takes its owner from the image.
FROM ${RUNTIME_IMAGE} AS runtime
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 reelmeter \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin reelmeter \
    && install -d -o 10001 -g 10001 -m 0700 /data \
    && install -d -o 10001 -g 10001 -m 0755 /videos \
    # The socket between generator and renderer: the renderer's own, and the group's to connect to.
    && install -d -o 10002 -g 10001 -m 0750 /run/reelmeter
WORKDIR /data
USER 10001:10001
STOPSIGNAL SIGTERM

FROM runtime AS meter
COPY --from=programs /programs/meter /usr/local/bin/
# Inside the container network; compose publishes the port on the host's loopback address only.
ENV METER_LISTEN=0.0.0.0:50051 METER_STORE=sqlite:///data/meter.db REELMETER_INSECURE=1
EXPOSE 50051
VOLUME /data
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["meter", "--health-check"]
ENTRYPOINT ["meter"]

FROM runtime AS client
COPY --from=programs /programs/client /usr/local/bin/
ENTRYPOINT ["client"]

# FFmpeg, and fonts for subtitles and drawn pictures: Latin, and most other scripts.
FROM runtime AS media
USER 0
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg fonts-dejavu-core fonts-noto-core \
    && rm -rf /var/lib/apt/lists/*

FROM media AS generator
USER 10001:10001
COPY --from=programs /programs/generator /usr/local/bin/
ENV GENERATOR_LISTEN=0.0.0.0:50052 GENERATOR_DATA=/data VIDEOS_DIR=/videos REELMETER_INSECURE=1
EXPOSE 50052
VOLUME ["/data", "/videos"]
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["generator", "--health-check"]
ENTRYPOINT ["generator"]

# The simulator speaks its narrations with espeak-ng and packs them with FFmpeg.
FROM media AS simulator
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=programs /programs/simulator /usr/local/bin/
ENV SIMULATOR_LISTEN=0.0.0.0:50053 REELMETER_INSECURE=1
EXPOSE 50053
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s CMD ["simulator", "--health-check"]
ENTRYPOINT ["simulator"]

# What renders model-written code: no keys, no network, and a user of its own, since threads are counted by user.
FROM runtime AS manim-build
USER 0
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential pkg-config python3 python3-dev python3-venv libcairo2-dev libpango1.0-dev \
    && rm -rf /var/lib/apt/lists/*
COPY generator/renderer/python/requirements.txt /tmp/
RUN python3 -m venv /opt/reelmeter/manim \
    && /opt/reelmeter/manim/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes -r /tmp/requirements.txt

FROM scratch AS manim-prebuilt
COPY target/image/manim/ /opt/reelmeter/manim/

FROM ${MANIM} AS manim

FROM runtime AS renderer
USER 0
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 libpython3.11 libcairo2 libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0 fonts-dejavu-core fonts-noto-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10002 --gid 10001 --no-create-home --home-dir /job --shell /usr/sbin/nologin renderer \
    && fc-cache --force \
    && install -d -o 10002 -g 10001 -m 0700 /job /job/0 /job/1
COPY --from=manim /opt/reelmeter/manim /opt/reelmeter/manim
COPY --from=programs /programs/renderer /usr/local/bin/
USER 10002:10001
WORKDIR /
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s CMD ["renderer", "health"]
ENTRYPOINT ["renderer"]
CMD ["serve"]
