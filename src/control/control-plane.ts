import type { EmbeddedControl } from '../serve/embedded-control.ts';
import type { Access } from './welcome.ts';

/** A control plane that runs. */
export interface ControlPlane {
  /** Where it listens, and lines to try. */
  readonly welcome: string;
  /** Where commands find it, and their token. */
  readonly access: Access;
  /** For a sidecar in this process; undefined: no folder is ours alone. */
  readonly embedded: EmbeddedControl | undefined;
  stop(signal: NodeJS.Signals): Promise<void>;
}
