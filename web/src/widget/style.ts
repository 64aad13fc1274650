/** What the button and the frame look like. Whatever the site's own styles say of everything stops at the shadow's edge; what they
 * say of the element itself loses against `!important` in here. */
export const style = `
:host{all:initial!important;position:fixed!important;inset:auto 0 0 auto!important;width:0!important;height:0!important;z-index:2147483000!important;color-scheme:var(--light)!important}
*{box-sizing:border-box;margin:0;padding:0;font:16px/1.4 system-ui,-apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}
button{cursor:pointer;border:0}
:focus-visible{outline:3px solid Highlight;outline-offset:2px}
.round{position:fixed;bottom:max(20px,env(safe-area-inset-bottom));width:56px;height:56px;border-radius:50%;background:var(--back);color:var(--ink);box-shadow:0 4px 16px #0005}
.right{right:20px}
.left{left:20px}
.round svg{width:28px;height:28px;display:block;margin:auto;fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round}
.count{position:absolute;top:-4px;right:-4px;min-width:22px;padding:0 6px;border-radius:11px;background:#b3261e;color:#fff;font-size:13px;font-weight:600;line-height:22px;text-align:center}
[hidden]{display:none!important}
dialog[open]{position:fixed;top:auto;bottom:88px;width:min(400px,calc(100vw - 40px));height:min(680px,calc(100vh - 108px));height:min(680px,calc(100dvh - 108px));max-width:none;max-height:none;border:0;border-radius:16px;overflow:hidden;display:flex;flex-direction:column;background:Canvas;color:CanvasText;box-shadow:0 8px 40px #0006}
dialog.right{left:auto;right:20px}
dialog.left{right:auto;left:20px}
.bar{display:flex;align-items:center;justify-content:space-between;padding-left:16px;background:var(--back);color:var(--ink)}
.bar b{font-weight:600}
.bar button{width:48px;height:44px;background:none;color:inherit;font-size:24px}
.bar button:focus-visible{outline-offset:-4px;outline-color:currentColor}
iframe{flex:1;width:100%;border:0}
p{padding:24px}
@media(max-width:480px){dialog[open]{inset:0;width:100%;height:100%;border-radius:0}.bar{padding-top:env(safe-area-inset-top)}}
@media(prefers-reduced-motion:no-preference){dialog[open]{animation:in .16s ease-out}@keyframes in{from{opacity:0;transform:translateY(12px)}}}
@media print{:host{display:none!important}}
`
