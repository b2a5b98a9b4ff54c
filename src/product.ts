import product from '../package.json' with { type: 'json' };

/** The version of this release, as package.json has it. */
export function productVersion(): string {
  return product.version;
}
