import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { goModuleFolder } from '../real/kubernetes.ts';
import type { ApplicableObject } from '../real/kubernetes.ts';

/** Istio's definitions, `EnvoyFilter` and `AuthorizationPolicy` among them. */
export async function istioDefinitions(): Promise<readonly ApplicableObject[]> {
  const folder = await goModuleFolder('istio.io/api', 'v1.31.1');
  return definitionsIn(join(folder, 'kubernetes/customresourcedefinitions.gen.yaml'));
}

/** The Gateway API's: Gateways and waypoints are made of it. */
export async function gatewayDefinitions(): Promise<readonly ApplicableObject[]> {
  const folder = join(await goModuleFolder('sigs.k8s.io/gateway-api', 'v1.6.0'), 'config/crd/standard');
  return readdirSync(folder).flatMap((file) => definitionsIn(join(folder, file)));
}

function definitionsIn(file: string): readonly ApplicableObject[] {
  return parseAllDocuments(readFileSync(file, 'utf8'))
    .map((each) => each.toJS() as ApplicableObject | null)
    .filter((each) => each !== null)
    .filter(({ kind }) => kind === 'CustomResourceDefinition');
}
