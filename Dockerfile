# One image for each service: docker build --build-arg SERVICE=credits -t convergence/credits .
# The build stage compiles everything once and is shared by all of them.

ARG BASE=debian:bookworm-slim
ARG TOOLCHAIN=swift:6.3-bookworm

FROM ${TOOLCHAIN} AS build
WORKDIR /src
COPY scripts/ scripts/
RUN scripts/setup.sh scripts/packages.txt
COPY Package.swift ./
COPY Shared/ Shared/
COPY Services/ Services/
COPY Tests/ Tests/
RUN swift build -c release && scripts/web.sh

FROM ${BASE} AS run
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libarchive13 libargon2-1 libcurl4 \
        libgcc-s1 libjpeg62-turbo libopenh264-7 libpng16-16 libprotobuf-c1 libsqlite3-0 \
        libssl3 libstdc++6 libturbojpeg0 libwebp7 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 1000 --home-dir /data convergence \
    && install -d -o convergence /data
ARG SERVICE
COPY --from=build /src/.build/release/${SERVICE} /usr/local/bin/service
# The studio, which the gateway looks for beside its executable.
COPY --from=build /src/.build/release/web /usr/local/bin/web
USER 1000
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["/usr/local/bin/service", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/service"]
