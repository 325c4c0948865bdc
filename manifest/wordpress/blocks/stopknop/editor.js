/* The block in the editor: a picture of the button, and its text to choose. Plain JavaScript: there is nothing to build on the site. */
;(wp => {
  const el = wp.element.createElement
  const { __ } = wp.i18n
  const { InspectorControls, useBlockProps } = wp.blockEditor
  const { PanelBody, TextControl } = wp.components

  const edit = ({ attributes, setAttributes }) =>
    el(
      'div',
      useBlockProps(),
      el(
        InspectorControls,
        {},
        el(
          PanelBody,
          { title: 'M5 Stopknop' },
          el(TextControl, {
            label: __('Text on the button', 'm5-stopknop'),
            value: attributes.label,
            onChange: label => setAttributes({ label }),
            __next40pxDefaultSize: true,
            __nextHasNoMarginBottom: true,
          }),
        ),
      ),
      el(
        'span',
        {
          style: {
            ...{ display: 'inline-block', padding: '1.25rem 1.75rem', borderRadius: '1.25rem' },
            ...{ background: '#b3261e', color: '#fff', fontSize: '1.6rem', fontWeight: 800 },
          },
        },
        attributes.label || __('Stop button', 'm5-stopknop'),
      ),
    )

  wp.blocks.registerBlockType('m5/stopknop', { edit, save: () => null })
})(window.wp)
