import { definitionsYaml } from '../crd/print.ts';

/** Prints the CustomResourceDefinitions. */
export function printDefinitions(): Promise<number> {
  process.stdout.write(definitionsYaml());
  return Promise.resolve(0);
}
