import { z } from 'zod';

/** A name with its namespace, as all tools take and tell it. */
const nameInput = z.string().min(1).max(400);
export const apiInput = nameInput.describe('The API, as NAMESPACE/NAME; without a namespace it is in "default".');
export const applicationInput = nameInput.describe(
  'The client application, as NAMESPACE/NAME; without a namespace it is in "default".',
);
export const contractInput = nameInput.describe(
  'The contract, as NAMESPACE/NAME; without a namespace it is in "default".',
);
export const reasonInput = z.string().min(1).max(1000);

/** Where something lies: an empty namespace is "default". */
export function keyOf(name: string): { readonly namespace: string; readonly name: string } {
  const at = name.indexOf('/');
  return at < 0 ? { namespace: '', name } : { namespace: name.slice(0, at), name: name.slice(at + 1) };
}

/** As a reference from elsewhere has it: with its namespace. Empty stays empty. */
export function whole(name: string): string {
  return name === '' || name.includes('/') ? name : `default/${name}`;
}

/** As requests are counted and sampled by it: without the namespace "default". */
export function counted(name: string): string {
  return name.startsWith('default/') ? name.slice('default/'.length) : name;
}
