/** A request's path, taken apart once: rules and base paths see this, the upstream sees what Envoy had. */
export interface NormalPath {
  /** Decoded once, without query, parameters (`;…`), dot segments and doubled slashes; starts with `/`. */
  readonly path: string;
  /** After the first `?`, undecoded; empty where there is none. */
  readonly query: string;
}
