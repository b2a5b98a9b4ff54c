import { formatPath } from '../document/issues.ts';
import { fieldOf, partOf, partsOf, textOf } from '../generate/envoy-value.ts';
import type { Part, Path } from '../generate/envoy-value.ts';
import type { Place } from './finding.ts';

/** Where the value at a path of a document of a file is. */
export type Locate = (path: Path) => { readonly line: number; readonly column: number };

/** A document of a file or an object of a cluster. */
export interface Resource {
  /** Empty: it is no object of Kubernetes, such as a bootstrap of Envoy. */
  readonly kind: string;
  /** Empty: the core group, or none. */
  readonly group: string;
  readonly name: string;
  /** `default` where a file names none; empty in objects of the whole cluster, such as a Namespace. */
  readonly namespace: string;
  readonly root: Part;
  /** Absent: of a cluster. */
  readonly file?: string;
  readonly locate?: Locate;
}

const OF_CLUSTER: ReadonlySet<string> = new Set([
  'Namespace',
  'GatewayClass',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
  'Node',
  'PriorityClass',
]);

export function resourceOf(value: Part['value'], file?: string, locate?: Locate): Resource {
  const root = { value, path: [] };
  const apiVersion = textOf(root, 'apiVersion');
  const kind = apiVersion === '' ? '' : named(textOf(root, 'kind'));
  const metadata = partOf(root, 'metadata');
  const namespace = OF_CLUSTER.has(kind) || kind === '' ? '' : named(textOf(metadata, 'namespace')) || 'default';
  return {
    kind,
    group: apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '',
    name: named(textOf(metadata, 'name')),
    namespace,
    root,
    ...(file !== undefined && { file }),
    ...(locate !== undefined && { locate }),
  };
}

/** Names stand in lines to paste, and a file may have anything for one: no API server takes other signs. */
function named(text: string): string {
  return text.replaceAll(/[^\w.:-]/g, '_');
}

/** Such as `Service shop/orders`. */
export function nameOf({
  kind,
  name,
  namespace,
  file,
}: Pick<Resource, 'kind' | 'name' | 'namespace' | 'file'>): string {
  if (kind === '') return file ?? 'configuration';
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

export function placeIn(resource: Resource, path: Path = []): Place {
  const { file, locate } = resource;
  return {
    object: nameOf(resource),
    field: formatPath(path),
    ...(file !== undefined && { file, ...(locate?.(path) ?? { line: 0, column: 0 }) }),
  };
}

export function specOf({ root }: Resource): Part {
  return partOf(root, 'spec') ?? { value: {}, path: ['spec'] };
}

/** The texts of a mapping such as labels. */
export function textsIn(part: Part | undefined, name: string): Readonly<Record<string, string>> {
  const found = part && partOf(part, name);
  if (found === undefined) return {};
  return Object.fromEntries(Object.entries(found.value).map(([key, value]) => [key, String(value)]));
}

export function labelsOf({ root }: Resource): Readonly<Record<string, string>> {
  return textsIn(partOf(root, 'metadata'), 'labels');
}

export function annotationsOf({ root }: Resource): Readonly<Record<string, string>> {
  return textsIn(partOf(root, 'metadata'), 'annotations');
}

type Labels = Readonly<Record<string, string>>;

/** Whether labels have all that are wanted; without any, they do. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** A LabelSelector with `matchLabels` and `matchExpressions`; an absent or empty one matches everything. */
export function isSelected(selector: Part | undefined, labels: Labels): boolean {
  if (selector === undefined) return true;
  if (!hasLabels(labels, textsIn(selector, 'matchLabels'))) return false;
  return partsOf(selector, 'matchExpressions').every((each) => {
    const value = labels[textOf(each, 'key')];
    const values = fieldOf(each, 'values').value;
    const isAmong = value !== undefined && Array.isArray(values) && values.includes(value);
    switch (textOf(each, 'operator')) {
      case 'In':
        return isAmong;
      case 'NotIn':
        return !isAmong;
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}
