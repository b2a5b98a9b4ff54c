/**
 * Tells whether as many Checks as were sent since the last call were allowed and charged: a denial, an error or a
 * Check that costs nothing is cheaper than an allow.
 */
export type Verify = (checks: number) => Promise<void>;

export async function verifier(name: string, adminUrl: string): Promise<Verify> {
  let before = await decided(adminUrl);
  return async (checks) => {
    const after = await decided(adminUrl);
    const allowed = after.allowed - before.allowed;
    const charged = after.charged - before.charged;
    before = after;
    if (allowed !== checks || charged !== checks) {
      throw new Error(`${name} allowed ${allowed} and charged ${charged} of ${checks} Checks`);
    }
  };
}

async function decided(adminUrl: string): Promise<{ allowed: number; charged: number }> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const sum = (line: RegExp): number => [...text.matchAll(line)].reduce((total, [, count]) => total + Number(count), 0);
  return {
    allowed: sum(/^ostiary_checks_total\{[^}]*outcome="allow"[^}]*\} (\d+)$/gm),
    charged: sum(/^ostiary_quota_units_total\{[^}]*result="admitted"[^}]*\} (\d+)$/gm),
  };
}
