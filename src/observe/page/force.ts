// Sets a circuit by hand. The token is asked for when it is first needed and kept in this variable, nowhere else: not in
// storage, not in a cookie, not in the address.

import type { LiveCircuit } from '../live/messages.js';
import { nameOf } from '../view/format.js';
import { byId, setText } from './dom.js';

export class ForceDialog {
  readonly #dialog = byId('force', HTMLDialogElement);
  readonly #name = byId('force-name', HTMLElement);
  readonly #error = byId('force-error', HTMLElement);
  readonly #note = byId('token-note', HTMLElement);
  readonly #form: HTMLFormElement;
  readonly #token: HTMLInputElement;
  #kept = '';
  #circuit: LiveCircuit | null = null;

  constructor() {
    const form = this.#dialog.querySelector('form');
    const token = form?.elements.namedItem('token');
    if (!(form instanceof HTMLFormElement && token instanceof HTMLInputElement)) throw new Error('no form in #force');
    this.#form = form;
    this.#token = token;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    byId('force-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => {
      this.#token.value = '';
    });
  }

  open(circuit: LiveCircuit): void {
    this.#circuit = circuit;
    setText(this.#name, nameOf(circuit));
    setText(this.#error, '');
    const byHand = circuit.state === 'forced_open' || circuit.state === 'disabled';
    this.#choose(byHand ? 'auto' : 'forced_open');
    this.#askToken(this.#kept === '');
    this.#dialog.showModal();
  }

  #choose(state: string): void {
    for (const each of this.#form.querySelectorAll<HTMLInputElement>('input[name=state]')) {
      each.checked = each.value === state;
    }
  }

  #askToken(asked: boolean): void {
    const label = this.#token.closest('label');
    if (label !== null) label.hidden = !asked;
    this.#note.hidden = !asked;
    this.#token.required = asked;
  }

  async #submit(): Promise<void> {
    const circuit = this.#circuit;
    const state = new FormData(this.#form).get('state');
    if (circuit === null || typeof state !== 'string') return;
    const token = this.#kept === '' ? this.#token.value : this.#kept;
    setText(this.#error, '');
    const problem = await put(circuit, state, token);
    if (problem === null) {
      this.#kept = token;
      this.#dialog.close();
      return;
    }
    setText(this.#error, problem.message);
    if (!problem.denied) return;
    this.#kept = '';
    this.#askToken(true);
    this.#token.value = '';
    this.#token.focus();
  }
}

interface Problem {
  readonly message: string;
  /** The token was not the right one. */
  readonly denied: boolean;
}

/** null: it is done. */
async function put({ cluster, target }: LiveCircuit, state: string, token: string): Promise<Problem | null> {
  const query = target === null ? '' : `?target=${encodeURIComponent(target)}`;
  // A header takes these only; the server would find out, the browser throws.
  if (!/^[\x21-\x7e]+$/.test(token))
    return { message: 'A token has no blanks and only ASCII characters.', denied: true };
  try {
    const response = await fetch(`circuits/${encodeURIComponent(cluster)}${query}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ state }),
    });
    if (response.ok) return null;
    return { message: await errorOf(response), denied: response.status === 401 };
  } catch {
    return { message: 'Sluice did not answer. Nothing is known of the change.', denied: false };
  }
}

async function errorOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => null);
  const said = typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : '';
  return said === '' ? `Sluice answered with ${response.status}.` : `${said}.`;
}
