import { join } from 'node:path';
import type { EmbeddedControl } from '../serve/embedded-control.ts';
import { directConnection } from '../sync/direct-connection.ts';
import { FilesMirror } from './files-mirror.ts';
import type { FilesMirrorPorts } from './files-mirror.ts';
import type { Mesh } from './mesh.ts';
import type { Sidecars } from './sidecars.ts';

export interface EmbeddedPorts extends FilesMirrorPorts {
  readonly sidecars: Pick<Sidecars, 'admit' | 'methods'>;
  readonly mesh: Pick<Mesh, 'history' | 'takeSamples'>;
  readonly occurred: EmbeddedControl['occurred'];
}

/** What a sidecar in the same process needs of the control plane. */
export interface Embedding extends EmbeddedControl {
  close(): Promise<void>;
}

/** The sidecar's credential, beside the database. */
const FOLDER = 'sidecar';

export function embed(node: string, dataDir: string, { mesh, occurred, sidecars, ...ports }: EmbeddedPorts): Embedding {
  const mirror = new FilesMirror(ports);
  return {
    node,
    history: mesh.history,
    takeSamples: (some) => mesh.takeSamples(node, some),
    occurred,
    folder: join(dataDir, FOLDER),
    connect: () => directConnection(sidecars.methods),
    admit: () => sidecars.admit(node),
    mirror: (files) => mirror.take(files),
    close: () => mirror.close(),
  };
}
