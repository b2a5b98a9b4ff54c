/** What stands before the first comma of a rule, and the options after it, as `pattern,namespace=shop,everything`. */
export interface RuleParts {
  readonly subject: string;
  readonly options: readonly (readonly [name: string, value: string])[];
}

export function ruleParts(text: string): RuleParts {
  const [subject = '', ...rest] = text.split(',');
  const options = rest.map((each) => {
    const at = each.indexOf('=');
    return at < 0 ? ([each, ''] as const) : ([each.slice(0, at), each.slice(at + 1)] as const);
  });
  return { subject, options };
}

/** @returns what is wrong: an option that is not among these, given twice, or empty where it needs a value */
export function faultOfOptions(
  { options }: RuleParts,
  known: Readonly<Record<string, 'value' | 'values' | 'switch'>>,
): string | undefined {
  const seen = new Set<string>();
  for (const [name, value] of options) {
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined)
      return `expected one of ${Object.keys(known).join(', ')} in place of ${JSON.stringify(name)}`;
    if (kind !== 'values' && seen.has(name)) return `expected ${name} once`;
    if ((kind === 'switch') !== (value === '')) return `expected ${kind === 'switch' ? name : `${name}=…`}`;
    seen.add(name);
  }
  return undefined;
}

export function optionOf({ options }: RuleParts, wanted: string): string | undefined {
  return options.find(([name]) => name === wanted)?.[1];
}
