import { urlParts } from './request.ts';
import type { Part, SnippetRequest } from './request.ts';

/** .NET 6 and later, as a program of top-level statements. */
export function csharpSnippet(request: SnippetRequest): string {
  const { basic, hasCertificate, headers, remarks } = request;
  const client = hasCertificate
    ? [
        'var handler = new HttpClientHandler();',
        'var pair = X509Certificate2.CreateFromPemFile("client.pem", "client.key");',
        '// By way of PKCS #12: Windows takes no key that is in memory alone.',
        'handler.ClientCertificates.Add(new X509Certificate2(pair.Export(X509ContentType.Pkcs12)));',
        'using var client = new HttpClient(handler);',
      ]
    : ['using var client = new HttpClient();'];
  const fields = headers.map(
    ([name, value]) => `request.Headers.TryAddWithoutValidation(${JSON.stringify(name)}, ${text(value)});`,
  );
  if (basic !== undefined) {
    const pair = text([basic[0], ':', basic[1]]);
    fields.push(
      `var pair64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(${pair}));`,
      'request.Headers.Authorization = new AuthenticationHeaderValue("Basic", pair64);',
    );
  }
  const imports = [
    ...(basic === undefined ? [] : ['using System.Net.Http.Headers;']),
    ...(hasCertificate ? ['using System.Security.Cryptography.X509Certificates;'] : []),
    ...(basic === undefined ? [] : ['using System.Text;']),
  ];
  return [
    ...remarks.map((remark) => `// ${remark}`),
    ...imports,
    ...(imports.length === 0 ? [] : ['']),
    ...client,
    `using var request = new HttpRequestMessage(HttpMethod.Get, ${text(urlParts(request))});`,
    ...fields,
    'using var response = await client.SendAsync(request);',
    'Console.WriteLine($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");',
  ].join('\n');
}

function text(parts: readonly Part[]): string {
  return parts
    .map((part) => {
      return typeof part === 'string' ? JSON.stringify(part) : `Environment.GetEnvironmentVariable("${part.variable}")`;
    })
    .join(' + ');
}
