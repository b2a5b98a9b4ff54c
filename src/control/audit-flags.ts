import { parseSyslogPlace } from '../audit/syslog.ts';
import { UserError } from '../errors.ts';
import { integer, text, withVariables } from '../flags.ts';

export const SYSLOG_FLAG = '--audit-syslog';

/** Of the audit trail of a control plane. */
export const auditFlags = withVariables({
  auditSyslog: text(
    undefined,
    'ADDRESS',
    'send the audit trail to syslog (RFC 5424) as it is written: tls://host:6514, tcp://host:port or unix:/path',
    wrongPlace,
  ),
  auditSyslogCa: text(undefined, 'FILE', 'PEM authorities that signed the certificate of --audit-syslog'),
  auditHeads: text(
    undefined,
    'URL',
    'POST a signed head of the audit trail to this webhook each hour: with it, a trail computed anew is found',
    wrongUrl,
  ),
  auditKeyFile: text(
    undefined,
    'FILE',
    'Ed25519 key that signs heads of the audit trail; made where it is not there (default: audit-key.pem in --data-dir)',
  ),
  auditKeepDays: integer(
    400,
    1,
    36_500,
    'how many days events of the audit trail are kept: logins, denials, reads; changes are kept for ever',
  ),
});

function wrongPlace(given: string): string | undefined {
  try {
    parseSyslogPlace(SYSLOG_FLAG, given);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return 'expected tls://host:6514, tcp://host:port or unix:/path';
    throw error;
  }
}

function wrongUrl(given: string): string | undefined {
  return /^https?:$/.test(URL.parse(given)?.protocol ?? '') ? undefined : 'expected https://host/path';
}
