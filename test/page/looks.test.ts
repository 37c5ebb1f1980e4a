// How the page looks and what it tells to those who do not see it: light, dark, on a phone, to a screen reader.

import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { useMesh } from '../support/use-mesh.js';
import { type Look, visit } from './browser.js';
import { mixedTraffic, POLICY, requestRow, TOKEN } from './support.js';

const world = useMesh({ policy: POLICY, sluice: { env: { SLUICE_ADMIN_TOKEN: TOKEN } } });

beforeAll(async () => {
  await mixedTraffic(world.mesh);
  // As long as names get, without a place to break them.
  await world.mesh.request(`/pool/${'long'.repeat(60)}`, { headers: { 'x-model': 'model'.repeat(20) } });
});

/** With one request opened, and the dialog if asked for. */
async function opened(look: Look) {
  const seen = await visit(`http://${world.mesh.sluice.http}/`, look);
  await seen.page.locator('#connection[data-state=live]').waitFor();
  await requestRow(seen.page, '/flaky/saved').locator('summary').click();
  await seen.page.locator('.card').first().waitFor();
  return seen;
}

/** Text whose contrast with its ground is below what WCAG 2 asks for at level AA. */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas to mix colours on');
    /** The luminance of the last of them, each laid over those before it: a colour may let its ground through. */
    const luminance = (colors: string[]) => {
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data]
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const grounds = (element: Element | null): string[] => {
      if (element !== null) return [...grounds(element.parentElement), getComputedStyle(element).backgroundColor];
      return [getComputedStyle(document.documentElement).colorScheme.includes('dark') ? 'black' : 'white'];
    };
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || (node.textContent ?? '').trim() === '' || !element.checkVisibility()) continue;
      const under = grounds(element);
      const [a, b] = [luminance([...under, getComputedStyle(element).color]), luminance(under)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) found.push(`${node.textContent} ${ratio.toFixed(2)}`);
    }
    return found;
  });
}

/** Every request as it is when it has just appeared, and stays so. */
async function appearing(page: Page): Promise<void> {
  const count = await page.evaluate(() => {
    const rows = [...document.querySelectorAll<HTMLElement>('.requests > li')];
    for (const row of rows) {
      row.style.animation = 'none';
      // Asking has the style applied: what follows starts the animation anew.
      row.getAnimations();
      row.style.animation = '';
      for (const animation of row.getAnimations()) {
        animation.pause();
        animation.currentTime = 0;
      }
    }
    return rows.filter((row) => row.getAnimations().length === 1).length;
  });
  expect(count).toBeGreaterThan(4);
}

const PHONE = { width: 320, height: 640 };

describe.each([
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
] as const)('in the %s', (name, look) => {
  it('every text stands out from its ground', async () => {
    await using seen = await opened(look);
    expect(await faintTexts(seen.page)).toEqual([]);
    await seen.page.getByRole('button', { name: 'Set flaky by hand' }).click();
    expect(await faintTexts(seen.page)).toEqual([]);
    expect(seen.complaints).toEqual([]);
  });

  it('every text stands out from the ground of a request that has just appeared', async () => {
    await using seen = await opened({ ...look, reducedMotion: 'no-preference' });
    await appearing(seen.page);
    expect(await faintTexts(seen.page)).toEqual([]);
  });

  it('the ground is what was asked for', async () => {
    await using seen = await opened(look);
    const [red = 0] = await seen.page.evaluate(() =>
      [...getComputedStyle(document.body).backgroundColor.matchAll(/\d+/g)].map(([part]) => Number(part)),
    );
    expect(red > 128).toBe(name === 'light');
  });
});

describe.each([320, 390, 768, 1000, 1600])('at %d pixels', (width) => {
  it('nothing scrolls sideways and nothing is cut off', async () => {
    await using seen = await opened({ viewport: { width, height: 700 } });
    const { page } = seen;
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((element) => element.checkVisibility() && !element.closest('.hidden, .skip, thead'))
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => `${element.tagName}.${element.getAttribute('class')}`),
    );
    expect(outside).toEqual([]);
  });

  it('no text runs into another', async () => {
    await using seen = await opened({ viewport: { width, height: 700 } });
    const overlaps = await seen.page.evaluate(() => {
      const boxes = (parent: Element) =>
        [...parent.children]
          .filter((each) => each.checkVisibility())
          .map((each) => ({ each, box: each.getBoundingClientRect() }));
      const found: string[] = [];
      for (const parent of document.querySelectorAll('tbody tr, summary, .bar, .top, .card dl')) {
        const all = boxes(parent).filter(({ box }) => box.width > 0 && box.height > 0);
        all.forEach(({ each, box }, index) => {
          for (const other of all.slice(index + 1)) {
            const across = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
            const down = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
            if (across > 1 && down > 4) found.push(`${each.className} ${other.each.className}`);
          }
        });
      }
      return found;
    });
    expect(overlaps).toEqual([]);
  });
});

describe('on a phone', () => {
  it('what is to be touched is large enough', async () => {
    await using seen = await opened({ viewport: PHONE, hasTouch: true });
    const small = await seen.page.evaluate(() =>
      [...document.querySelectorAll('button, select, summary')]
        .filter((element) => element.checkVisibility())
        .map((element) => [element.textContent?.slice(0, 20), element.getBoundingClientRect().height] as const)
        .filter(([, height]) => height < 24),
    );
    expect(small).toEqual([]);
  });

  it('the table of circuits is still a table to a screen reader', async () => {
    await using seen = await opened({ viewport: PHONE });
    const table = seen.page.getByRole('table', { name: 'Circuits' });
    expect(await table.getByRole('columnheader').count()).toBe(7);
    expect(await table.getByRole('rowheader').count()).toBeGreaterThan(4);
  });
});

describe('to a screen reader', () => {
  it('the page has its landmarks, names and headings', async () => {
    await using seen = await opened({});
    const { page } = seen;
    for (const [role, name] of [
      ['region', 'Circuits'],
      ['region', 'Requests'],
      ['navigation', 'Raw data'],
      ['form', 'Filter requests'],
    ] as const) {
      expect([name, await page.getByRole(role, { name }).count()]).toEqual([name, 1]);
    }
    for (const role of ['banner', 'main'] as const)
      expect([role, await page.getByRole(role).count()]).toEqual([role, 1]);
    expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Circuits', 'Requests']);
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, a, select, input')]
        .filter((element) => element.checkVisibility())
        .filter((element) => {
          const label = element instanceof HTMLSelectElement ? element.labels[0]?.textContent : element.textContent;
          return ((element.getAttribute('aria-label') ?? '') + (label ?? '')).trim() === '';
        })
        .map(({ outerHTML }) => outerHTML),
    );
    expect(nameless).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en');
    // One for the changes of circuits, one for the connection, one for errors of the dialog; lists are silent.
    expect(await page.locator('[aria-live], [role=status], [role=alert]').count()).toBe(3);
  });

  it('drawings are silent, for the words stand beside them', async () => {
    await using seen = await opened({});
    expect(await seen.page.locator('svg:not([aria-hidden=true])').count()).toBe(0);
  });
});

describe('to those who want no motion', () => {
  it('nothing moves', async () => {
    await using seen = await opened({ reducedMotion: 'reduce' });
    await world.mesh.request('/slow/again');
    await eventually(async () => expect(await requestRow(seen.page, '/slow/again').count()).toBeGreaterThan(0));
    expect(await seen.page.evaluate(() => document.getAnimations().length)).toBe(0);
    await using moving = await opened({ reducedMotion: 'no-preference' });
    const animation = await moving.page.evaluate(() => {
      const row = document.querySelector('.requests > li');
      return row === null ? '' : getComputedStyle(row).animationName;
    });
    expect(animation).toBe('appear');
  });
});
