// The page as it is served: which files there are, under which rules a browser runs them. What they do is for test/page.

import { describe, expect, it } from 'vitest';
import { startAdmin } from './support.js';

/** Everything that a file of the page refers to, by a URL of its own. */
function references(text: string): string[] {
  const inHtml = [...text.matchAll(/(?:src|href)="([^"#?]+)"/g)];
  const imported = [...text.matchAll(/(?:from|import) '([^']+)'/g)];
  return [...inHtml, ...imported].map(([, reference]) => reference ?? '');
}

describe('the page', () => {
  it('loads only what Sluice serves itself, and all of that is there', async () => {
    const { url } = await startAdmin();
    const seen = new Map<string, Response>();
    const waiting = [`${url}/`];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      const response = await fetch(next);
      seen.set(next, response);
      expect([next, response.status, new URL(next).origin]).toEqual([next, 200, url]);
      if (!/\/(ui\/.*)?$/.test(new URL(next).pathname)) continue;
      for (const reference of references(await response.text())) waiting.push(String(new URL(reference, next)));
    }
    const types = new Set([...seen.values()].map(({ headers }) => headers.get('content-type')?.split(';')[0]));
    for (const type of ['text/html', 'text/css', 'text/javascript', 'image/svg+xml']) expect(types).toContain(type);
    expect([...seen.keys()].filter((each) => each.endsWith('.js')).length).toBeGreaterThan(10);
  });

  it('has no script and no style in its text, and no handler in its attributes', async () => {
    const { get } = await startAdmin();
    const html = await (await get('/')).text();
    expect(html).not.toMatch(/<script[^>]*>[^<]|<style|\sstyle=|\son\w+=|javascript:|https?:/i);
  });

  it.each(['/', '/ui/page/main.js', '/ui/page/base.css'])(
    '%s is sent with a policy that allows nothing else',
    async (path) => {
      const { headers } = await (await startAdmin()).get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      for (const rule of ["script-src 'self'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"]) {
        expect(policy.split('; ')).toContain(rule);
      }
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    },
  );

  it.each([
    '/ui/',
    '/ui/page/',
    '/ui/page/index',
    '/ui/page/main.js.map',
    '/ui/page/main.ts',
    '/ui/metrics.js',
    '/ui/../admin.js',
    '/ui/page/../admin.js',
    '/ui/page/%2e%2e/admin.js',
    '/ui/page%2f..%2fadmin.js',
    '/ui//etc/passwd',
    '/ui/__proto__',
  ])('has no file %s', async (path) => {
    const { get } = await startAdmin();
    expect((await get(path)).status).toBe(404);
  });

  it('is there whatever its address says, since filters are a part of it', async () => {
    const { get } = await startAdmin();
    expect((await get('/?cluster=a%20b&result=nonsense')).status).toBe(200);
  });
});
