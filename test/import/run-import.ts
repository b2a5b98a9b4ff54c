import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { runMain } from '../cli/run-main.ts';
import type { Ran } from '../cli/run-main.ts';

export const FLEX = 'apiVersion: gateway.mulesoft.com/v1alpha1';

/** An ApiInstance with services, routes and policies in itself. */
export const INLINE = `${FLEX}
kind: ApiInstance
metadata:
  name: depots
spec:
  address: http://0.0.0.0:8080
  services:
    depots:
      address: https://depots.example:443/
      routes:
        - rules:
            - path: /api(/depots/.*)
            - path: /api(/vans/.*)
          config:
            destinationPath: /v2
  policies:
    - policyRef:
        name: http-basic-authentication-flex
      config:
        username: courier
        password: $COURIER_PASSWORD
`;

/** A directory with these files, by name. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'import-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export interface ImportRun extends Ran {
  /** What `validate` says of what was written. */
  readonly validated: Ran | undefined;
  readonly documents: readonly Document[];
}

/** As far as tests look at one. */
export interface Document {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly policies?: readonly Policy[];
    readonly config?: object;
  };
}

interface Policy {
  readonly policyRef: { readonly name: string };
  readonly config?: object;
}

/** What documents of these tests read by `$NAME`. */
const VARIABLES = {
  LDAP_PASSWORD: 'directory-secret',
  INTROSPECTION: 'Basic cGFyY2VsczpzZWNyZXQ=',
  COURIER_PASSWORD: 'van-17-blue',
};

/** Imports a file `flex.yaml` with this text, and validates the result. */
export async function importing(text: string, ...flags: readonly string[]): Promise<ImportRun> {
  const folder = folderOf({ 'flex.yaml': text });
  const ran = await runMain(['import', 'flex', folder, ...flags]);
  const told = { ...ran, stderr: ran.stderr.replaceAll(`${folder}/`, '') };
  if (ran.code !== 0) return { ...told, validated: undefined, documents: [] };
  const documents = parseAllDocuments(ran.stdout).map((each) => each.toJS() as Document);
  const egress = flags.filter((flag) => flag.startsWith('--egress-allow'));
  const validated = await runMain(['validate', folderOf({ 'ours.yaml': ran.stdout }), ...egress], VARIABLES);
  return { ...told, validated, documents };
}

/** A policy as the pages of Flex/Omni Gateway show one, inside an ApiInstance. */
export function inApi(policy: string): string {
  return `apiVersion: gateway.mulesoft.com/v1alpha1
kind: ApiInstance
metadata:
  name: parcels
spec:
  address: http://0.0.0.0:8080/parcels
  services:
    upstream:
      address: http://parcels.svc:80
  policies:
${policy.replaceAll(/^/gm, '    ')}
`;
}
