import { SourceText } from '../../document/text/source-text.ts';
import { isMessage, partsOf, textOf } from '../../generate/envoy-value.ts';
import type { Part } from '../../generate/envoy-value.ts';
import { isEnvoyConfiguration, nodeIdOf } from '../envoy-dump.ts';
import type { EnvoyDump } from '../envoy-dump.ts';
import type { Unlooked } from '../finding.ts';
import { documentsIn } from '../read-text.ts';
import { resourceOf } from '../resource.ts';
import type { Locate, Resource } from '../resource.ts';

export interface FileText {
  /** As people name it. */
  readonly name: string;
  readonly text: string;
}

export interface FilesRead {
  readonly resources: readonly Resource[];
  readonly envoys: readonly EnvoyDump[];
  /** The files that hold documents of ostiary and nothing else. */
  readonly documentFiles: readonly string[];
  /** Those documents, for their places. */
  readonly documents: readonly Resource[];
  readonly unlooked: readonly Unlooked[];
}

const GROUP = 'ostiary.dev';
/** Of Kubernetes alone: the data plane takes no such document. */
const OF_CLUSTERS: ReadonlySet<string> = new Set(['ApiBinding', 'AccessGrant']);

/** Takes apart what files hold: objects of Kubernetes, configurations of Envoy and Istio, documents. */
export function readFiles(files: readonly FileText[]): FilesRead {
  const resources: Resource[] = [];
  const envoys: EnvoyDump[] = [];
  const documents: Resource[] = [];
  const documentFiles: string[] = [];
  const unlooked: Unlooked[] = [];
  for (const { name, text } of files) {
    const read = readFile(name, text);
    unlooked.push(...read.faults.map((why) => ({ what: name, why })));
    const isDocuments = read.resources.length > 0 && read.resources.every(isDocument);
    if (isDocuments) {
      documentFiles.push(name);
      documents.push(...read.resources);
      continue;
    }
    for (const resource of read.resources) {
      if (isEnvoyConfiguration(resource)) envoys.push({ name, resource, nodeId: nodeIdOf(resource) });
      else resources.push(resource);
    }
  }
  return { resources, envoys, documents, documentFiles, unlooked };
}

function isDocument({ group, kind }: Resource): boolean {
  return group === GROUP && !OF_CLUSTERS.has(kind);
}

function readFile(name: string, text: string): { resources: readonly Resource[]; faults: readonly string[] } {
  const resources: Resource[] = [];
  const faults: string[] = [];
  const source = new SourceText(name, text);
  for (const document of documentsIn(text)) {
    if ('fault' in document) {
      faults.push(`line ${source.lineColumn(document.at).line}: ${document.fault}`);
      continue;
    }
    if (!isMessage(document.value)) continue;
    const locate: Locate = (path) => source.lineColumn(document.locate(path));
    for (const { value, path } of objectsOf({ value: document.value, path: [] })) {
      resources.push(resourceOf(value, name, (below) => locate([...path, ...below])));
    }
  }
  return { resources, faults };
}

/** `kubectl get -o yaml` prints a List. */
function objectsOf(part: Part): readonly Part[] {
  const isList =
    textOf(part, 'kind').endsWith('List') || (Object.keys(part.value).length === 1 && 'items' in part.value);
  return isList ? partsOf(part, 'items') : [part];
}
