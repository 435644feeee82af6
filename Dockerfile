# The image of the function. On Lambda it runs the function; `docker run -p 8080:8080` runs the function in the local Lambda.
#
# The base is node:26-bookworm-slim instead of a distroless image: it contains the headers and the C library that the build needs, the
# Node project publishes it, and it can be inspected with a shell. Lambda loads only the blocks of an image that are read, so unused
# files of the base do not slow down the start. The function needs no shell, package manager or writable file.
# To use another base, or to pin this one by digest: --build-arg NODE_IMAGE=docker.io/library/node@sha256:...
ARG NODE_IMAGE=docker.io/library/node:26-bookworm-slim

# The system of the image, for the architecture of the function. No program of it runs during the build.
FROM ${NODE_IMAGE} AS base

# This stage runs on the architecture of the building machine and builds for that of the function: a cross compiler is fast, while
# emulation takes many minutes or is not installed. RUN lines that you add to this stage run on the building machine.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
ARG TARGETARCH
# Without versions: Debian's mirrors keep only the newest version for a release, and the image contains none of these packages.
# hadolint ignore=DL3008
RUN apt-get update \
    && case "$TARGETARCH" in "" | "$(dpkg --print-architecture)") cross= ;; arm64) cross=g++-aarch64-linux-gnu ;; *) cross=g++-x86-64-linux-gnu ;; esac \
    && apt-get install -y --no-install-recommends ca-certificates cmake g++ make python3 tar xz-utils ${cross:+"$cross"} \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
COPY scripts/build/native-client.sh scripts/build/
# Runs only the install scripts of the Runtime Interface Client, which compile its native part. Node's headers are in the base, so they
# are not downloaded.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && npm_config_nodedir=/usr/local scripts/build/native-client.sh "${TARGETARCH:-$(dpkg --print-architecture)}"
COPY tsconfig.json ./
COPY app ./app
COPY scripts/build ./scripts/build
# The base, for the SBOM of the image.
ARG NODE_IMAGE
RUN NODE_IMAGE="${NODE_IMAGE}" node scripts/build/build.ts --client native --architecture "${TARGETARCH:-$(dpkg --print-architecture)}" && chmod -R a=rX dist
COPY --from=base / /system
# A function installs no packages.
RUN rm -rf /system/usr/local/lib/node_modules /system/usr/local/include/node /system/opt/yarn-* \
    && for program in npm npx corepack yarn yarnpkg; do rm -f "/system/usr/local/bin/$program"; done

# This stage contains only COPY: a RUN line that you add here runs a program of the function's architecture, which needs emulation
# (qemu-user-static) on a machine of another architecture. Prefer to run it in the stage above, and copy its result.
FROM scratch
LABEL org.opencontainers.image.title="mcp-on-lambda" \
      org.opencontainers.image.description="MCP servers on AWS Lambda, and the local Lambda to run them anywhere" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /system /
COPY --from=build /build/dist /var/task
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# For the local Lambda; on Lambda the function listens on no port.
ENV HOST=0.0.0.0 PORT=8080 NODE_ENV=production
WORKDIR /var/task
# Every user ID works: Lambda uses its own.
USER 1000:1000
EXPOSE 8080
# Lambda ignores the health check.
HEALTHCHECK --interval=60s --timeout=5s --start-period=10s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# V8_FLAGS in app/framework/lambda/v8-flags.ts explains the flag.
ENTRYPOINT ["node", "--min-semi-space-size=4", "/var/task/entry.mjs"]
# One argument, which is the handler on Lambda.
CMD ["handler.stream"]
