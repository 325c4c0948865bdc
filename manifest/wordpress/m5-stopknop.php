<?php
/**
 * Plugin Name:       M5 Stopknop
 * Description:       The Stopknop of your school: a button with which pupils tell what is not okay. As a block and as a shortcode.
 * Version:           {{version}}
 * Requires at least: 6.3
 * Requires PHP:      7.4
 * License:           MIT
 * Text Domain:       m5-stopknop
 * Domain Path:       /languages
 *
 * Prints a link inside an element, and one script of the connector. Keeps nothing of visitors, sets no cookie, asks nothing of the network.
 */

defined( 'ABSPATH' ) || exit;

const M5_STOPKNOP_OPTION = 'm5_stopknop';

/** What the school's connector filled in, and over it what was saved on the settings page. */
function m5_stopknop_settings() {
	$defaults = require __DIR__ . '/defaults.php';
	$saved    = get_option( M5_STOPKNOP_OPTION, array() );
	return array_merge( $defaults, array_filter( is_array( $saved ) ? $saved : array(), 'is_string' ) );
}

/** @return string the origin, or '' for what is none: https, or http on this very machine. */
function m5_stopknop_connector( $text ) {
	$pattern = '~^(https://[a-z0-9.-]+(:\d{1,5})?|http://(localhost|127\.0\.0\.1)(:\d{1,5})?)/?$~i';
	$text    = is_string( $text ) ? trim( $text ) : '';
	return preg_match( $pattern, $text ) ? strtolower( rtrim( $text, '/' ) ) : '';
}

/** @return string the publishable key, or '' for what is none. */
function m5_stopknop_key( $text ) {
	$text = is_string( $text ) ? trim( $text ) : '';
	return preg_match( '~^pk_[A-Za-z0-9_-]{8,61}$~', $text ) ? $text : '';
}

/** The link works without JavaScript; the script turns it into the button. */
function m5_stopknop_html( $attributes ) {
	$settings  = m5_stopknop_settings();
	$connector = m5_stopknop_connector( $settings['connector'] );
	$key       = m5_stopknop_key( $settings['key'] );
	if ( '' === $connector || '' === $key ) {
		return current_user_can( 'manage_options' )
			? '<p>' . esc_html__( 'M5 Stopknop: fill in the address and the key under Settings.', 'm5-stopknop' ) . '</p>'
			: '';
	}
	$label = isset( $attributes['label'] ) && is_string( $attributes['label'] ) ? trim( $attributes['label'] ) : '';
	if ( '' === $label ) {
		$label = __( 'Stop button', 'm5-stopknop' );
	}
	add_action( 'wp_footer', 'm5_stopknop_script' );
	$link = $connector . '/meld?s=' . rawurlencode( $key );
	return '<m5-stopknop><a href="' . esc_url( $link ) . '">' . esc_html( $label ) . '</a></m5-stopknop>';
}

/** Once a page, however many buttons there are. With integrity where one version is pinned. */
function m5_stopknop_script() {
	static $printed = false;
	if ( $printed ) {
		return;
	}
	$printed    = true;
	$settings   = m5_stopknop_settings();
	$connector  = m5_stopknop_connector( $settings['connector'] );
	$attributes = array(
		'type' => 'module',
		'src'  => $connector . '/v/1/m5.js',
	);
	if ( '1' === $settings['pinned'] && '' !== $settings['integrity'] ) {
		$attributes['src']         = $connector . '/v/' . rawurlencode( $settings['version'] ) . '/m5.js';
		$attributes['integrity']   = $settings['integrity'];
		$attributes['crossorigin'] = 'anonymous';
	}
	wp_print_script_tag( $attributes );
}

function m5_stopknop_shortcode( $attributes ) {
	return m5_stopknop_html( shortcode_atts( array( 'label' => '' ), is_array( $attributes ) ? $attributes : array(), 'm5_stopknop' ) );
}

function m5_stopknop_block( $attributes ) {
	return '<div ' . get_block_wrapper_attributes() . '>' . m5_stopknop_html( $attributes ) . '</div>';
}

function m5_stopknop_init() {
	load_plugin_textdomain( 'm5-stopknop', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	add_shortcode( 'm5_stopknop', 'm5_stopknop_shortcode' );
	wp_register_script(
		'm5-stopknop-editor',
		plugins_url( 'blocks/stopknop/editor.js', __FILE__ ),
		array( 'wp-blocks', 'wp-element', 'wp-i18n', 'wp-block-editor', 'wp-components' ),
		'{{version}}',
		true
	);
	wp_set_script_translations( 'm5-stopknop-editor', 'm5-stopknop', __DIR__ . '/languages' );
	register_block_type( __DIR__ . '/blocks/stopknop', array( 'render_callback' => 'm5_stopknop_block' ) );
	$connector = m5_stopknop_connector( m5_stopknop_settings()['connector'] );
	if ( '' !== $connector ) {
		wp_oembed_add_provider( $connector . '/meld?*', $connector . '/oembed' );
	}
}
add_action( 'init', 'm5_stopknop_init' );

/** What is wrong is said and not saved: the settings stay as they were. */
function m5_stopknop_sanitize( $input ) {
	$input     = is_array( $input ) ? $input : array();
	$settings  = m5_stopknop_settings();
	$connector = m5_stopknop_connector( isset( $input['connector'] ) ? $input['connector'] : '' );
	$key       = m5_stopknop_key( isset( $input['key'] ) ? $input['key'] : '' );
	if ( '' === $connector ) {
		add_settings_error( M5_STOPKNOP_OPTION, 'connector', __( 'This is not an address such as https://m5.school.nl.', 'm5-stopknop' ) );
	}
	if ( '' === $key ) {
		add_settings_error( M5_STOPKNOP_OPTION, 'key', __( 'This is not a key: it begins with pk_.', 'm5-stopknop' ) );
	}
	return array(
		'connector' => '' === $connector ? $settings['connector'] : $connector,
		'key'       => '' === $key ? $settings['key'] : $key,
		'pinned'    => empty( $input['pinned'] ) ? '0' : '1',
	);
}

function m5_stopknop_admin_init() {
	register_setting(
		M5_STOPKNOP_OPTION,
		M5_STOPKNOP_OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => 'm5_stopknop_sanitize',
		)
	);
}
add_action( 'admin_init', 'm5_stopknop_admin_init' );

function m5_stopknop_menu() {
	add_options_page( 'M5 Stopknop', 'M5 Stopknop', 'manage_options', 'm5-stopknop', 'm5_stopknop_page' );
}
add_action( 'admin_menu', 'm5_stopknop_menu' );

function m5_stopknop_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	$settings = m5_stopknop_settings();
	echo '<div class="wrap"><h1>M5 Stopknop</h1><form method="post" action="options.php">';
	settings_fields( M5_STOPKNOP_OPTION );
	echo '<p>' . esc_html__( 'Put the button on a page with the block “M5 Stopknop” or with the shortcode [m5_stopknop].', 'm5-stopknop' ) . '</p>';
	echo '<table class="form-table" role="presentation">';
	m5_stopknop_field( 'connector', __( 'Address of the connector', 'm5-stopknop' ), $settings['connector'], 'url' );
	m5_stopknop_field( 'key', __( 'Key of the school', 'm5-stopknop' ), $settings['key'], 'text' );
	echo '<tr><th scope="row">' . esc_html__( 'Version', 'm5-stopknop' ) . '</th><td><label><input type="checkbox" name="m5_stopknop[pinned]" value="1"'
		. checked( '1', $settings['pinned'], false ) . '> '
		. esc_html__( 'Keep to one version of the script, with its integrity checked', 'm5-stopknop' ) . '</label></td></tr></table>';
	submit_button();
	echo '</form></div>';
}

function m5_stopknop_field( $name, $label, $value, $type ) {
	$id = 'm5-stopknop-' . $name;
	echo '<tr><th scope="row"><label for="' . esc_attr( $id ) . '">' . esc_html( $label ) . '</label></th><td><input class="regular-text" required type="'
		. esc_attr( $type ) . '" id="' . esc_attr( $id ) . '" name="m5_stopknop[' . esc_attr( $name ) . ']" value="' . esc_attr( $value ) . '"></td></tr>';
}
