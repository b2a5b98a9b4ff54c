import { z } from 'zod';

/** A key of a Secret in the object's own namespace. */
export interface SecretRef {
  readonly name: string;
  readonly key: string;
}

/** As Kubernetes names most objects (RFC 1123, a subdomain). */
export const OBJECT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
/** As Kubernetes names namespaces and Services (RFC 1123, a label). */
export const LABEL_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(OBJECT_NAME, 'expected a name of an object: lower-case letters and digits, with "-" or "." between them');

export const namespaceName = z
  .string()
  .min(1)
  .max(63)
  .regex(LABEL_NAME, 'expected a namespace: lower-case letters and digits, with "-" between them');

export const secretRef = z
  .strictObject({
    name: objectName.describe('The Secret'),
    key: z
      .string()
      .min(1)
      .max(253)
      .regex(/^[A-Za-z0-9._-]+$/, 'expected a key: letters and digits, with ".", "_" or "-"')
      .describe('The key in its data'),
  })
  .describe('A key of a Secret of the same namespace');

/** How the options of a policy read a key of a Secret, within a text or as the whole of it. */
export function referenceTo({ name, key }: SecretRef): string {
  return `\${secret:${name}/${key}}`;
}
