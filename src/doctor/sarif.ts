import { ALL_CODES, CODES } from './codes.ts';
import { pageOf } from './finding.ts';
import type { Diagnosis, Finding, Place } from './finding.ts';

/** Static Analysis Results Interchange Format 2.1.0 (OASIS), as code scanning takes it. */
export function sarifOf({ findings, unlooked }: Diagnosis, version: string): object {
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'ostiary doctor',
            version,
            rules: ALL_CODES.map((code) => ({
              id: code,
              shortDescription: { text: CODES[code].title },
              help: { text: pageOf(code) },
              defaultConfiguration: { level: CODES[code].severity },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map(resultOf),
        invocations: [
          {
            executionSuccessful: unlooked.length === 0,
            toolExecutionNotifications: unlooked.map(({ what, why }) => ({
              level: 'error',
              message: { text: `${what} was not looked at: ${why}` },
            })),
          },
        ],
      },
    ],
  };
}

function resultOf({ code, severity, place, message, remedy }: Finding): object {
  return {
    ruleId: code,
    ruleIndex: ALL_CODES.indexOf(code),
    level: severity,
    message: { text: `${message}.\n${remedy}` },
    locations: [locationOf(place)],
  };
}

function locationOf({ object, field, file, line = 0, column = 0 }: Place): object {
  const name = field === '' ? object : `${object}, ${field}`;
  const logicalLocations = [{ fullyQualifiedName: name, kind: 'object' }];
  if (file === undefined || file === '-') return { logicalLocations };
  const region = line === 0 ? {} : { region: { startLine: line, ...(column > 0 && { startColumn: column }) } };
  return { physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region }, logicalLocations };
}

/** A relative path stays one, so that it is found in a checkout; SARIF wants a URI (RFC 3986). */
function uriOf(file: string): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return file.startsWith('/') ? `file://${path}` : path.replace(/^\.\//, '');
}
