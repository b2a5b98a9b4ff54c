# The image of ostiary: Node 24 on distroless, unprivileged, content with a read-only root.
#
#   docker buildx build --platform linux/amd64,linux/arm64 --tag ostiary .
#
# For a reproducible build name both bases by digest:
#   --build-arg NODE_IMAGE=node@sha256:… --build-arg RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

# What is copied from here is JavaScript, the same for every platform: it is built once, natively.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY rolldown.config.ts ./
COPY src ./src
COPY gen ./gen
COPY console ./console
# One bundle: ready in half the time and with a third less memory than from single files.
RUN npm run bundle
# What is in it, as CycloneDX, and under which licences.
RUN npm prune --omit=dev --ignore-scripts && npm pkg delete devDependencies scripts && npm sbom --sbom-format=cyclonedx > dist/sbom.json
RUN find node_modules -iname 'licen[cs]e*' -type f | sort | while read -r file; do printf '\n==== %s\n' "$file"; cat "$file"; done > dist/THIRD-PARTY-LICENSES

# What ostiary may write to: a volume mounted there is its user's.
RUN mkdir storage

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ostiary" \
      org.opencontainers.image.description="Envoy external authorization: which API, which client, which contract, how much quota, in one call" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=build /build/dist ./
COPY LICENSE ./
COPY --from=build --chown=65532:65532 /build/storage /var/lib/ostiary/
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=1 \
    OSTIARY_POLICIES=/etc/ostiary/policies \
    OSTIARY_LISTEN=:9191 \
    OSTIARY_ADMIN_LISTEN=:9190
# On every address, IPv6 and IPv4: Checks, and the administration with /metrics, /livez and /readyz.
EXPOSE 9191 9190
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=2s --start-period=5s \
  CMD ["/nodejs/bin/node", "-e", "fetch('http://127.0.0.1:9190/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The young generation sized for the work: docs/sizing.md.
ENTRYPOINT ["/nodejs/bin/node", "--min-semi-space-size=2", "--max-semi-space-size=4", "/app/main.js"]
CMD ["serve"]
