import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What keeps people from using a page who see, hear or point in another way: serious and critical faults by axe-core, in words. */
export async function faults(page: Page): Promise<string[]> {
  // By the debugger: the page's own policy lets no foreign script run.
  await page.evaluate(axe.source)
  const run = () => (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ['violations'] })
  const { violations } = await page.evaluate(run)
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return grave.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}

/** The same in light and in dark. */
export async function faultsInBothLights(page: Page): Promise<string[]> {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(whatAppearsIsThere)
    found.push(...(await faults(page)).map((fault) => `${colorScheme} ${fault}`))
  }
  await page.emulateMedia({ colorScheme: null })
  return found
}

/** What is just fading in has no colours of its own yet; what turns for ever is waited for by nobody. */
async function whatAppearsIsThere() {
  const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
  await Promise.allSettled(ending.map((one) => one.finished))
}
