/** Buttons that copy the text next to them. */

export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('button.copy')) {
    const visible = button.firstChild;
    button.addEventListener('click', async () => {
      const source = document.getElementById(button.dataset.copies ?? '');
      const copied = source ? await copy(source) : false;
      if (visible) visible.nodeValue = copied ? 'Copied' : 'Press Ctrl+C';
      setTimeout(() => {
        if (visible) visible.nodeValue = 'Copy';
      }, 2000);
    });
  }
}

/**
 * Copies the text and returns whether that succeeded. Without access to the clipboard (http, except localhost), selects the text.
 */
async function copy(source: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection()?.selectAllChildren(source);
    return false;
  }
}
