/// The light that falls on things near the subject; colours are scene-linear, intensity included.
struct Light {
    /// Unit vector toward the key light (sun, moon, or the brightest part of the sky).
    var keyDirection: Vec3
    var key: Vec3
    /// Light from above and light thrown back by the ground.
    var ambientSky: Vec3
    var ambientGround: Vec3
    /// Bright sky behind the subject: drives the rim at grazing angles. Zero: no rim.
    var rim: Vec3
    /// Unit vector toward the bright part of the background, for the rim.
    var rimDirection: Vec3
    /// Soft light from the camera's side, so that close subjects are never black cut-outs.
    var fill: Vec3
    /// Light of lamps and windows that a vehicle's lamps or a lantern should outshine.
    var lampGlow: Vec3
    /// 0 by day ... 1 at night: whether lamps of the subject are lit.
    var night: Float
    /// 0...1: how wet or frosty surfaces are.
    var wet: Float
    var frost: Float
}
