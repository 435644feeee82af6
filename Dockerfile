# The function's image: on Lambda it is the function, with `docker run -p 8080:8080` the local Lambda around it.
#
# node:26-bookworm-slim and not a distroless image: it has the headers that the build needs and the same C library, comes
# from the project that makes Node, and can be looked into. Lambda loads an image by the blocks that are touched, so what
# lies unused in the base costs no start-up time. Nothing that runs needs a shell, a package manager or a writable file.
# To use another, or to pin this one by digest: --build-arg NODE_IMAGE=docker.io/library/node@sha256:...
ARG NODE_IMAGE=docker.io/library/node:26-bookworm-slim

FROM ${NODE_IMAGE} AS build
# Without versions: Debian's mirrors keep the newest of a release only, and none of these is in the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates cmake g++ make python3 tar xz-utils \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts but those of the Runtime Interface Client, which compile its native part: run by name, because npm skips those
# that allowScripts in package.json denies. Node's headers are in the base: nothing is downloaded.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    && export npm_config_nodedir=/usr/local \
    && npm --prefix node_modules/aws-lambda-ric run preinstall \
    && npm --prefix node_modules/aws-lambda-ric run postinstall
COPY tsconfig.json ./
COPY app ./app
COPY scripts/build ./scripts/build
# Which base it was, for the list of what is in the image.
ARG NODE_IMAGE
RUN NODE_IMAGE="${NODE_IMAGE}" node scripts/build/build.ts --client native && chmod -R a=rX dist

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="mcp-on-lambda" \
      org.opencontainers.image.description="MCP servers on AWS Lambda, and the local Lambda to run them anywhere" \
      org.opencontainers.image.licenses="Apache-2.0"
# A function installs nothing.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* /usr/local/include/node
COPY --from=build /build/dist /var/task
# For the local Lambda; on Lambda nothing listens.
ENV HOST=0.0.0.0 PORT=8080 NODE_ENV=production
WORKDIR /var/task
# Any uid will do: Lambda chooses its own.
USER 1000:1000
EXPOSE 8080
# Lambda ignores it.
HEALTHCHECK --interval=60s --timeout=5s --start-period=10s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/var/task/entry.mjs"]
# One argument: Lambda takes the handler from it.
CMD ["handler.stream"]
