# The function's image: on Lambda it is the function, with `docker run -p 8080:8080` the local Lambda around it.
#
# node:26-bookworm-slim and not a distroless image: it has the headers that the build needs and the same C library, comes
# from the project that makes Node, and can be looked into. Lambda loads an image by the blocks that are touched, so what
# lies unused in the base costs no start-up time. Nothing that runs needs a shell, a package manager or a writable file.
# To use another, or to pin this one by digest: --build-arg NODE_IMAGE=docker.io/library/node@sha256:...
ARG NODE_IMAGE=docker.io/library/node:26-bookworm-slim

# The system of the image, for the architecture of the function. Nothing of it runs during the build.
FROM ${NODE_IMAGE} AS base

# Everything is built on the architecture of the building machine, for that of the function: a cross compiler is fast, emulation
# takes many minutes or is not there. RUN lines that you add to this stage run on the building machine.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
ARG TARGETARCH
# Without versions: Debian's mirrors keep the newest of a release only, and none of these is in the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && case "$TARGETARCH" in "" | "$(dpkg --print-architecture)") cross= ;; arm64) cross=g++-aarch64-linux-gnu ;; *) cross=g++-x86-64-linux-gnu ;; esac \
    && apt-get install -y --no-install-recommends ca-certificates cmake g++ make python3 tar xz-utils ${cross:+"$cross"} \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
COPY scripts/build/native-client.sh scripts/build/
# No install scripts but those of the Runtime Interface Client, which compile its native part. Node's headers are in the base:
# nothing is downloaded.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && npm_config_nodedir=/usr/local scripts/build/native-client.sh "${TARGETARCH:-$(dpkg --print-architecture)}"
COPY tsconfig.json ./
COPY app ./app
COPY scripts/build ./scripts/build
# Which base it was, for the list of what is in the image.
ARG NODE_IMAGE
RUN NODE_IMAGE="${NODE_IMAGE}" node scripts/build/build.ts --client native --architecture "${TARGETARCH:-$(dpkg --print-architecture)}" && chmod -R a=rX dist
COPY --from=base / /system
# A function installs nothing.
RUN rm -rf /system/usr/local/lib/node_modules /system/usr/local/include/node /system/opt/yarn-* \
    && for program in npm npx corepack yarn yarnpkg; do rm -f "/system/usr/local/bin/$program"; done

# COPY alone: a RUN line that you add here runs a program of the function's architecture, so on a machine of another one it needs
# emulation (qemu-user-static). Better: run it in the stage above, and copy its result.
FROM scratch
LABEL org.opencontainers.image.title="mcp-on-lambda" \
      org.opencontainers.image.description="MCP servers on AWS Lambda, and the local Lambda to run them anywhere" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /system /
COPY --from=build /build/dist /var/task
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# For the local Lambda; on Lambda nothing listens.
ENV HOST=0.0.0.0 PORT=8080 NODE_ENV=production
WORKDIR /var/task
# Any uid will do: Lambda chooses its own.
USER 1000:1000
EXPOSE 8080
# Lambda ignores it.
HEALTHCHECK --interval=60s --timeout=5s --start-period=10s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# V8_FLAGS in app/framework/lambda/v8-flags.ts says why.
ENTRYPOINT ["node", "--min-semi-space-size=4", "/var/task/entry.mjs"]
# One argument: Lambda takes the handler from it.
CMD ["handler.stream"]
